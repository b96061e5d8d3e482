import { answerAnywhere, type AnywhereDeps, type RequestAnywhere } from './any-controller.ts';
import type { Asked } from './forward.ts';
import type { RawReply } from './route.ts';

const id = '018f0000-0000-7000-8000-000000000001';
const command: RequestAnywhere = {
  subject: { kind: 'call', id },
  ...{ method: 'POST', path: `/v1/calls/${id}/hold`, headers: {}, body: undefined, ip: '', forwarded: false },
};
const theirs: RawReply = { status: 202, body: { by: 'another' } };
const mine: RawReply = { status: 404, body: { by: 'this one' } };

/** `answers`: what the others answer, by rank; this controller has the rank 1. */
async function ask(answers: (Asked | undefined)[], parts: Partial<AnywhereDeps> = {}, request = command) {
  const asked: number[] = [];
  const answer = answerAnywhere({
    rank: 1,
    others: () =>
      Promise.resolve(answers.flatMap((one, rank) => (one === undefined ? [] : [{ rank, socket: String(rank) }]))),
    ask: ({ rank }) => {
      asked.push(rank);
      return Promise.resolve(answers[rank] ?? 'not-here');
    },
    here: () => false,
    isOver: () => Promise.resolve(false),
    held: () => false,
    ...parts,
  });
  const result = await answer(request, () => Promise.resolve(mine)).catch((error: unknown) => error);
  return { result, asked };
}

test('what lives here is answered here, and nobody is asked', async () => {
  expect(await ask([theirs], { here: () => true })).toEqual({ result: mine, asked: [] });
});

test('who has it answers; where nobody has it, this one does', async () => {
  expect((await ask(['not-here', undefined, theirs])).result).toBe(theirs);
  expect((await ask(['not-here', undefined, 'not-here'])).result).toBe(mine);
  expect((await ask([])).result).toBe(mine);
  // Whoever cannot be asked does not matter then.
  expect((await ask(['unanswered', undefined, theirs])).result).toBe(theirs);
});

test.each([
  ['POST', 'unanswered', true],
  ['GET', 'unanswered', false],
  ['POST', 'unsent', false],
  ['POST', 'dead', false],
] as const)('a %s that is %s is a 503, which says whether it may be done', async (method, answer, mayBeDone) => {
  const { result, asked } = await ask([answer], {}, { ...command, method });
  expect(result).toMatchObject({ status: 503, code: 'controllers.unreachable', extra: { mayBeDone } });
  expect(result).toMatchObject({ headers: { 'Retry-After': '2' } });
  expect(asked).toEqual([0]);
});

test('what is over on record is nobody’s, and what was taken over meanwhile is this one’s', async () => {
  expect((await ask(['unanswered'], { isOver: () => Promise.resolve(true) })).result).toBe(mine);
  let looks = 0;
  expect((await ask(['dead'], { here: () => (looks += 1) > 1 })).result).toBe(mine);
  const away = { isOver: () => Promise.reject(new Error('no PostgreSQL')) };
  expect((await ask(['dead'], away)).result).toMatchObject({ status: 503 });
});

test('what another has passed on goes no further', async () => {
  const forwarded = { ...command, forwarded: true };
  expect(await ask([theirs], {}, forwarded)).toMatchObject({ result: { status: 421 }, asked: [] });
  expect(await ask([theirs], { here: () => true }, forwarded)).toEqual({ result: mine, asked: [] });
  const line = { ...forwarded, subject: { kind: 'line' } as const };
  expect(await ask([theirs], {}, line)).toEqual({ result: mine, asked: [] });
});

test('a process that has just woken does nothing that another passed on', async () => {
  const woken = { held: () => true, here: () => true };
  const { result } = await ask([], woken, { ...command, forwarded: true });
  expect(result).toMatchObject({ status: 503, extra: { mayBeDone: false } });
});

test('nor does it what it is asked for itself, where another may have its calls', async () => {
  const woken = { held: () => true, here: () => true };
  const refused = { status: 503, extra: { mayBeDone: false } };
  expect(await ask([theirs], woken)).toMatchObject({ result: refused, asked: [] });
  expect((await ask(['not-here'], { held: () => true })).result).toMatchObject(refused);
  const line = { ...command, subject: { kind: 'line' } as const };
  expect((await ask([undefined, undefined, theirs], woken, line)).result).toMatchObject(refused);
  expect((await ask([theirs], woken, { ...command, method: 'GET' })).result).toBe(mine);
  expect((await ask([theirs], { held: () => true })).result).toBe(theirs);
  expect((await ask([], woken)).result).toBe(mine);
});

test('the line is the leader’s, and the next one’s when he is dead', async () => {
  const line = { ...command, subject: { kind: 'line' } as const };
  expect(await ask([theirs, undefined, theirs], {}, line)).toEqual({ result: theirs, asked: [0] });
  expect(await ask(['dead', undefined, theirs], {}, line)).toEqual({ result: mine, asked: [0] });
  expect((await ask(['unanswered'], {}, line)).result).toMatchObject({ status: 503 });
});

test('the live calls of all are one list, and it says whose are missing', async () => {
  const calls = { ...command, method: 'GET', subject: { kind: 'live-calls' } } as const;
  const pageOf = (...ids: string[]) => ({ status: 200, body: { items: ids.map((one) => ({ id: one })), next: null } });
  const answer = async (answers: (Asked | undefined)[]) => {
    const own = () => Promise.resolve(pageOf('a', 'b'));
    const others = answers.map((_one, rank) => ({ rank, socket: '' }));
    const anywhere = answerAnywhere({
      rank: 1,
      others: () => Promise.resolve(others),
      ask: ({ rank }) => Promise.resolve(answers[rank] ?? 'dead'),
      here: () => false,
      isOver: () => Promise.resolve(false),
      held: () => false,
    });
    return (await anywhere(calls, own)).body;
  };
  expect(await answer([pageOf('b', 'c')])).toEqual(pageOf('a', 'b', 'c').body);
  expect(await answer([pageOf('c'), 'unanswered'])).toEqual({ ...pageOf('a', 'b', 'c').body, controllersSilent: 1 });
});
