import { answerAnywhere, type AnywhereDeps, type RequestAnywhere } from './any-controller.ts';
import type { Asked } from './forward.ts';
import type { RawReply } from './route.ts';

const id = '018f0000-0000-7000-8000-000000000001';
const command: RequestAnywhere = {
  subject: { kind: 'call', id },
  ...{ method: 'POST', path: `/v1/calls/${id}/hold`, headers: {}, body: undefined, ip: '', forwarded: false },
};
const theirs: RawReply = { status: 202, body: { by: 'another' } };
const live: Pick<AnywhereDeps, 'has'> = { has: () => 'live' };
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
    has: () => 'no',
    isOver: () => Promise.resolve(false),
    held: () => false,
    ...parts,
  });
  const result = await answer(request, () => Promise.resolve(mine)).catch((error: unknown) => error);
  return { result, asked };
}

test('what lives here is answered here, and nobody is asked', async () => {
  expect(await ask([theirs], live)).toEqual({ result: mine, asked: [] });
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
  expect((await ask(['dead'], { has: () => ((looks += 1) > 1 ? 'live' : 'no') })).result).toBe(mine);
  const away = { isOver: () => Promise.reject(new Error('no PostgreSQL')) };
  expect((await ask(['dead'], away)).result).toMatchObject({ status: 503 });
});

test('what another has passed on goes no further', async () => {
  const forwarded = { ...command, forwarded: true };
  expect(await ask([theirs], {}, forwarded)).toMatchObject({ result: { status: 421 }, asked: [] });
  expect(await ask([theirs], live, forwarded)).toEqual({ result: mine, asked: [] });
  const line = { ...forwarded, subject: { kind: 'line' } as const };
  expect(await ask([theirs], {}, line)).toEqual({ result: mine, asked: [] });
});

test('a process that has just woken does nothing that another passed on', async () => {
  const woken = { ...live, held: () => true };
  const { result } = await ask([], woken, { ...command, forwarded: true });
  expect(result).toMatchObject({ status: 503, extra: { mayBeDone: false } });
});

test('nor does it what it is asked for itself, where another may have its calls', async () => {
  const woken = { ...live, held: () => true };
  const refused = { status: 503, extra: { mayBeDone: false } };
  expect(await ask([theirs], woken)).toMatchObject({ result: refused, asked: [] });
  expect((await ask(['not-here'], { held: () => true })).result).toMatchObject(refused);
  const line = { ...command, subject: { kind: 'line' } as const };
  expect((await ask([undefined, undefined, theirs], woken, line)).result).toMatchObject(refused);
  expect((await ask([theirs], woken, { ...command, method: 'GET' })).result).toBe(mine);
  expect((await ask([theirs], { held: () => true })).result).toBe(theirs);
  expect((await ask([], woken)).result).toBe(mine);
});

test('a command is sent to one after another until one has it, a question to all at once', async () => {
  expect(await ask([theirs, undefined, theirs])).toEqual({ result: theirs, asked: [0] });
  expect(await ask(['not-here', undefined, theirs])).toEqual({ result: theirs, asked: [0, 2] });
  expect((await ask([theirs, undefined, theirs], {}, { ...command, method: 'GET' })).asked).toEqual([0, 2]);
});

describe('an incident of which a call has ended', () => {
  const incident = { ...command, subject: { kind: 'incident', id } } as const;
  const afterwards: Pick<AnywhereDeps, 'has'> = { has: () => 'afterwards' };

  test('is of whoever has the redial, not of whoever has what is left', async () => {
    expect((await ask(['not-here', undefined, theirs], afterwards, incident)).result).toBe(theirs);
    expect((await ask(['afterwards', undefined, theirs], {}, incident)).asked).toEqual([0, 2]);
  });

  test('is answered by whoever has what is left when nobody has a call, and here first', async () => {
    expect(await ask(['not-here', undefined, 'afterwards'], afterwards, incident)).toEqual({
      ...{ result: mine, asked: [0, 2] },
    });
    const told: unknown[] = [];
    const parts = (second: Asked): Partial<AnywhereDeps> => ({
      ask({ rank }, { evenAfterwards }) {
        told.push([rank, evenAfterwards]);
        return Promise.resolve(rank === 0 ? 'not-here' : evenAfterwards === true ? second : 'afterwards');
      },
    });
    const both = ['not-here', undefined, 'afterwards'] as const;
    expect((await ask([...both], parts(theirs), incident)).result).toBe(theirs);
    expect(told).toEqual([
      [0, undefined],
      [2, undefined],
      [2, true],
    ]);
    // Forgotten in this moment: it is on record.
    expect((await ask([...both], parts('not-here'), incident)).result).toBe(mine);
    expect((await ask([...both], parts('unanswered'), incident)).result).toMatchObject({ status: 503 });
  });

  test('is not answered from what is left while somebody who may have the redial is silent', async () => {
    expect((await ask(['unanswered'], afterwards, incident)).result).toMatchObject({ status: 503 });
    const over = { ...afterwards, isOver: () => Promise.resolve(true) };
    expect((await ask(['unanswered'], over, incident)).result).toBe(mine);
  });

  test('is not answered for another who looks for its call, but says what is left', async () => {
    const forwarded = { ...incident, forwarded: true };
    const says = { status: 421, headers: { 'siaga-afterwards': '1' } };
    expect((await ask([], afterwards, forwarded)).result).toMatchObject(says);
    expect((await ask([], afterwards, { ...forwarded, evenAfterwards: true })).result).toBe(mine);
    expect((await ask([], {}, { ...forwarded, evenAfterwards: true })).result).toMatchObject({ status: 421 });
  });
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
      has: () => 'no',
      isOver: () => Promise.resolve(false),
      held: () => false,
    });
    return (await anywhere(calls, own)).body;
  };
  expect(await answer([pageOf('b', 'c')])).toEqual(pageOf('a', 'b', 'c').body);
  expect(await answer([pageOf('c'), 'unanswered'])).toEqual({ ...pageOf('a', 'b', 'c').body, controllersSilent: 1 });
});
