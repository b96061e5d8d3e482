import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { diskCopy } from './disk-copy.ts';
import { createLogger } from './logger.ts';

const schema = z.object({ version: z.number(), text: z.string() });
let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siaga-copy-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const copyIn = (name = 'state/copy.json') =>
  diskCopy(join(folder, name), schema, createLogger('info', { write: (line) => void lines.push(line) }));

describe('diskCopy', () => {
  test('there is none at first, and that is no fault', async () => {
    expect(await copyIn().read()).toBeUndefined();
    expect(lines).toEqual([]);
  });

  test('reads what was written, in a file for its owner only', async () => {
    await copyIn().write({ version: 3, text: 'tiga' });
    expect(await copyIn().read()).toEqual({ version: 3, text: 'tiga' });
    expect((await stat(join(folder, 'state/copy.json'))).mode & 0o777).toBe(0o600);
  });

  test('many writes at once: the last one stays, whole, and nothing is left beside it', async () => {
    const copy = copyIn();
    const text = 'x'.repeat(100_000);
    await Promise.all(Array.from({ length: 20 }, (_, version) => copy.write({ version, text })));
    expect(await copy.read()).toEqual({ version: 19, text });
    expect(await readdir(join(folder, 'state'))).toEqual(['copy.json']);
  });

  test.each(['', '{', '{"version":1}', 'null', '\u0000\u0000'])(
    'the corrupt content %j is reported and ignored',
    async (text) => {
      await writeFile(join(folder, 'bad.json'), text);
      expect(await copyIn('bad.json').read()).toBeUndefined();
      expect(lines.join()).toContain('corrupt');
      await copyIn('bad.json').write({ version: 1, text: 'good' });
      expect(await readFile(join(folder, 'bad.json'), 'utf8')).toBe('{"version":1,"text":"good"}\n');
    },
  );

  test('a disk that refuses is told to whoever writes, and the next write still goes', async () => {
    await writeFile(join(folder, 'file'), '');
    const copy = copyIn('file/copy.json');
    await expect(copy.write({ version: 1, text: '' })).rejects.toThrow();
    expect(await copy.read()).toBeUndefined();
    await rm(join(folder, 'file'));
    await copy.write({ version: 2, text: '' });
    expect(await copy.read()).toEqual({ version: 2, text: '' });
  });
});
