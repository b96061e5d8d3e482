import { createLogger } from '../platform/logger.ts';
import type { AriAnswer, AriCommands } from './commands.ts';
import { createPromptList } from './prompts.ts';

const wanted = ['announcement-intro', 'kind-fire', 'district-sail', 'announcement-keys'];
const withoutPlace = ['announcement-intro', 'kind-fire', 'announcement-keys'];

function list(answers: Record<string, unknown>) {
  const asked: string[] = [];
  const refused: AriAnswer = { ok: false, failure: 'timeout', status: null, reason: 'late' };
  const ari: AriCommands = {
    send(method, path, query) {
      asked.push(`${method} ${path} ${JSON.stringify(query)}`);
      return Promise.resolve(path in answers ? { ok: true, status: 200, body: answers[path] } : refused);
    },
    close: () => Promise.resolve(),
  };
  const prompts = createPromptList({ ari, logger: createLogger('silent') });
  const look = async (): Promise<void> => {
    prompts.look();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { prompts, look, asked };
}
const language = { config: { default_language: 'id' } };
const sounds = (...names: string[]) => names.map((id) => ({ id, formats: [] }));

test('what Asterisk has no file for in its language is left out', async () => {
  const has = sounds('siaga/announcement-intro', 'siaga/district-sail', 'siaga/announcement-keys', 'kind-fire');
  const { prompts, look, asked } = list({ '/asterisk/info': language, '/sounds': has });
  await look();
  expect(asked).toEqual(['GET /asterisk/info {"only":"config"}', 'GET /sounds {"lang":"id"}']);
  expect(prompts.sayable(wanted)).toEqual(['announcement-intro', 'district-sail', 'announcement-keys']);
});

test.each<[string, Record<string, unknown>]>([
  ['nothing', {}],
  ['no language', { '/asterisk/info': {}, '/sounds': sounds('siaga/district-sail') }],
  ['an odd language', { '/asterisk/info': { config: { default_language: '../' } } }],
  ['no list', { '/asterisk/info': language }],
  ['an odd list', { '/asterisk/info': language, '/sounds': 'none' }],
  ['an empty list', { '/asterisk/info': language, '/sounds': [] }],
])('while it has said %s, all but the places is said', async (_what, answers) => {
  const { prompts, look } = list(answers);
  expect(prompts.sayable(wanted)).toEqual(withoutPlace);
  await look();
  expect(prompts.sayable(wanted)).toEqual(withoutPlace);
});

test('what was known holds while it does not answer again', async () => {
  const answers: Record<string, unknown> = { '/asterisk/info': language, '/sounds': sounds('siaga/district-sail') };
  const { prompts, look } = list(answers);
  await look();
  delete answers['/sounds'];
  await look();
  expect(prompts.sayable(wanted)).toEqual(['district-sail']);
});
