import { readFile, stat } from 'node:fs/promises';
import { findSubscriber } from '../../src/location/lines/subscribers.ts';
import { importBench, type ImportBench } from '../support/imports.ts';

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.empty());

const header = 'number,name,address,district,latitude,longitude';
const text = (...rows: string[]): string => `\uFEFF${[header, ...rows].join('\r\n')}\r\n`;
const find = (number: string) => findSubscriber(bench.postgres, number);
const imported = async (name: string, content: string, ...options: string[]) =>
  bench.run('subscribers', await bench.file(name, content), ...options);

test('subscribers go in under their numbers in E.164, with or without a position', async () => {
  const ended = await imported(
    'lines.csv',
    text('0761-21112,Ibu Made Up,"Jl. Contoh 1, RT 2",Sail,0.5,101.4', '(0761) 21113,Pak \\N,Jl. "\\t" 2,Sail,,'),
  );
  expect(ended.out).toContain('2 rows read, 1 new, 0 changed, 0 unchanged, 1 rejected');
  const second = await imported('more.csv', text('(0761) 21113,Pak \\N,Jl. \\t 2,Sail,,'));
  expect(second).toMatchObject({ code: 0, err: '' });
  expect(await find('+6276121112')).toEqual({
    number: '+6276121112',
    name: 'Ibu Made Up',
    address: 'Jl. Contoh 1, RT 2',
    district: 'Sail',
    position: { latitude: 0.5, longitude: 101.4 },
  });
  // The signs that COPY has a meaning for come through as they are.
  expect(await find('+6276121113')).toMatchObject({ name: 'Pak \\N', address: 'Jl. \\t 2', position: null });
  expect(await find('+6276121114')).toBeUndefined();
});

test('the same again changes nothing; what changed is replaced, and the rest is kept', async () => {
  const first = text('076121112,A,Jl. 1,Sail,,', '076121113,B,Jl. 2,Sail,0.5,101.4');
  await imported('first.csv', first);
  const stored = await bench.rowsOf('subscribers');
  expect((await imported('again.csv', first)).out).toContain('0 new, 0 changed, 2 unchanged');
  expect(await bench.rowsOf('subscribers')).toEqual(stored);
  const next = text('+62761 21113,B,Jl. 2,Sail,,', '076121114,C,Jl. 3,Sail,,');
  expect((await imported('next.csv', next)).out).toContain('1 new, 1 changed, 0 unchanged');
  expect((await find('+6276121113'))?.position).toBeNull();
  expect((await find('+6276121112'))?.name).toBe('A');
  expect(await bench.imports()).toHaveLength(3);
});

test('of a number that stands twice the last line counts', async () => {
  const file = text('076121112,A,Jl. 1,Sail,,', '0761 21112,B,Jl. 2,Sail,,');
  expect((await imported('twice.csv', file)).out).toContain('2 rows read, 1 new, 0 changed, 1 unchanged');
  expect((await find('+6276121112'))?.name).toBe('B');
});

test('--replace removes what is not in the file, but nothing that is there and cannot be used', async () => {
  await imported('all.csv', text('076121112,A,Jl. 1,Sail,,', '076121113,B,Jl. 2,Sail,,', '076121114,C,Jl. 3,Sail,,'));
  const next = text('076121112,A,Jl. 1,Sail,,', '076121113,B,Jl. 9,Sail,north,');
  const dry = await imported('next.csv', next, '--replace', '--dry-run');
  expect(dry.out).toContain('1 unchanged, 1 rejected, 1 numbers that are not in the file removed');
  expect((await find('+6276121114'))?.name).toBe('C');
  expect((await imported('next.csv', next, '--replace')).code).toBe(0);
  expect(await find('+6276121114')).toBeUndefined();
  expect((await find('+6276121113'))?.address).toBe('Jl. 2');
  expect((await bench.imports()).at(-1)).toMatchObject({ removed: 1, unchanged: 1, rejected: 1 });
});

test('--replace with a file that brings nothing empties nothing', async () => {
  await imported('all.csv', text('076121112,A,Jl. 1,Sail,,'));
  for (const content of [text(), text('nobody,A,Jl. 1,Sail,,'), 'radio,mcc\n']) {
    expect((await imported('nothing.csv', content, '--replace')).code).toBe(1);
  }
  expect((await find('+6276121112'))?.name).toBe('A');
});

test('what people are called and where they live is shown to nobody but the owner of the file', async () => {
  const person = 'Ibu Made Up';
  const rows = [
    `nobody,${person},Jl. Contoh,Sail,,`,
    `0761-21112,"${person},Jl. Contoh,Sail,,`,
    `0761-21112,${person},Jl. Contoh,Sail,100,0`,
    `0761-21113,${person},Jl. Contoh,Sail,,`,
  ];
  const { code, out, err } = await imported('people.csv', text(...rows));
  expect(code).toBe(0);
  expect(err).toContain('line 2: number is not a telephone number');
  expect(err).toContain('line 3: a quotation mark has no partner on the line');
  const headless = await imported('headless.csv', rows.join('\n'));
  expect(headless.code).toBe(1);
  expect(out + err + headless.out + headless.err).not.toMatch(/Made Up|Contoh|2111/);
  const rejects = `${bench.folder}/people.csv.rejected.csv`;
  expect((await stat(rejects)).mode & 0o777).toBe(0o600);
  expect(await readFile(rejects, 'utf8')).toContain(person);
});
