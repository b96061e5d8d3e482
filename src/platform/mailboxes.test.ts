import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from './logger.ts';
import { createMailboxes, tellInTurn } from './mailboxes.ts';

interface Counter {
  readonly id: string;
  readonly endedAt: number | null;
  readonly heard: readonly string[];
  readonly dueAt: number | null;
}
type Input = { at: number } & ({ type: 'timer' | 'end' | 'again' | 'throw' } | { type: 'wake'; dueAt: number });

/** Machines that write down what they hear; one that is told to throws on everything, and wakes up as it is told. */
function start(most = 10) {
  const clock = fakeClock(0);
  const recorded: { sequence: number; heard: readonly string[] }[] = [];
  const failed: string[] = [];
  const ended: string[] = [];
  const held = { now: false };
  const mailboxes = createMailboxes({
    clock,
    logger: createLogger('silent'),
    most,
    held: () => held.now,
    decide(before: Counter, input: Input) {
      if (input.type === 'throw' || (input.type === 'timer' && before.heard.includes('wake'))) throw new Error('no');
      const heard = [...before.heard, input.type];
      const dueAt = input.type === 'wake' ? input.dueAt : before.dueAt;
      const endedAt = input.type === 'end' ? input.at : before.endedAt;
      return { state: { ...before, heard, dueAt, endedAt }, effects: input.type === 'again' ? ['x'] : [], facts: [] };
    },
    timersOf: ({ dueAt }) => (dueAt === null ? [] : [['due', dueAt]]),
    timer: (_name: 'due', at): Input => ({ type: 'timer', at }),
    namesOf: ({ id }) => [`leg of ${id}`],
    recorded: ({ sequence, state }) => void recorded.push({ sequence, heard: state.heard }),
    carryOut: ({ id }) => void mailboxes.tell(id, { type: 'wake', at: clock.now(), dueAt: clock.now() + 60_000 }),
    ended: ({ id }) => void ended.push(id),
    failed: (_state, input) => void failed.push(input),
  });
  const open = (id: string, dueAt: number | null = null): boolean =>
    mailboxes.open({ id, endedAt: null, heard: [], dueAt });
  return { clock, mailboxes, recorded, failed, ended, held, open };
}

it('records each decision before its effects; what an effect tells comes after', () => {
  const { mailboxes, recorded, open } = start();
  open('a');
  expect(mailboxes.tell('a', { type: 'again', at: 0 })).toBe(true);
  expect(recorded).toEqual([
    { sequence: 1, heard: ['again'] },
    { sequence: 2, heard: ['again', 'wake'] },
  ]);
  expect(mailboxes.tell('b', { type: 'again', at: 0 })).toBe(false);
});

it('a timer whose decision throws comes once, and so does one that a decision leaves as it is', () => {
  const { clock, mailboxes, recorded, failed, open } = start();
  open('thrown');
  mailboxes.tell('thrown', { type: 'wake', at: 0, dueAt: 1_000 });
  open('left', 1_000);
  mailboxes.tell('left', { type: 'timer', at: 0 });
  clock.advance(9_000);
  expect(failed).toEqual(['timer']);
  expect(recorded.map(({ heard }) => heard)).toEqual([['wake'], ['timer'], ['timer', 'timer']]);
  // Set anew, it comes again.
  mailboxes.tell('thrown', { type: 'wake', at: 9_000, dueAt: 10_000 });
  clock.advance(2_000);
  expect(failed).toEqual(['timer', 'timer']);
});

it('a timer that is due while the process is held comes when it is not', () => {
  const { clock, mailboxes, recorded, held, open } = start();
  open('a', 1_000);
  mailboxes.tell('a', { type: 'timer', at: 0 });
  held.now = true;
  clock.advance(5_000);
  expect(recorded).toHaveLength(1);
  held.now = false;
  clock.advance(200);
  expect(recorded).toHaveLength(2);
});

it('one that is over is found for ten seconds, is known to have been here for good, and is told no end twice', () => {
  const { clock, mailboxes, recorded, ended, open } = start();
  open('a');
  mailboxes.tell('a', { type: 'end', at: 0 });
  mailboxes.tell('a', { type: 'end', at: 1 });
  expect([ended, recorded.length]).toEqual([['a'], 1]);
  clock.advance(9_999);
  expect(mailboxes.ownerOf('leg of a')?.id).toBe('a');
  clock.advance(1);
  expect([mailboxes.get('a'), mailboxes.ownerOf('leg of a'), mailboxes.opened('a')]).toEqual([
    undefined,
    undefined,
    true,
  ]);
});

it('takes no more than it may; one that somebody else goes on with may come back', () => {
  const { clock, mailboxes, recorded, open } = start(1);
  expect([open('a', 1_000), open('b'), mailboxes.room()]).toEqual([true, false, 0]);
  mailboxes.tell('a', { type: 'wake', at: 0, dueAt: 1_000 });
  mailboxes.forget('a');
  expect([mailboxes.opened('a'), mailboxes.opened('b'), open('a')]).toEqual([false, false, true]);
  // The timer of before is none of his.
  clock.advance(5_000);
  expect(recorded).toHaveLength(1);
});

it('remembers the last ten thousand, no more', () => {
  const { mailboxes, open } = start(20_000);
  for (let index = 0; index <= 10_000; index += 1) open(`m${index}`);
  expect([mailboxes.opened('m0'), mailboxes.opened('m1'), mailboxes.opened('m10000')]).toEqual([false, true, true]);
});

it('leaves no timer behind when it stops', () => {
  const { clock, mailboxes, recorded, open } = start();
  open('a', 1_000);
  mailboxes.tell('a', { type: 'timer', at: 0 });
  open('b');
  mailboxes.tell('b', { type: 'end', at: 0 });
  mailboxes.stop();
  expect([clock.pending(), recorded.length]).toEqual([0, 2]);
});

it('what is told while an input is taken is taken when that is done, also where that throws', () => {
  const inputs: { waiting: string[]; busy: boolean } = { waiting: [], busy: false };
  const log: string[] = [];
  const take = (input: string): void => {
    log.push(`${input} begins`);
    if (input === 'first') tellInTurn(inputs, 'told meanwhile', take);
    if (input === 'throws') throw new Error('no');
    log.push(`${input} ends`);
  };
  tellInTurn(inputs, 'first', take);
  expect(log).toEqual(['first begins', 'first ends', 'told meanwhile begins', 'told meanwhile ends']);
  expect(() => tellInTurn(inputs, 'throws', take)).toThrow('no');
  tellInTurn(inputs, 'after', take);
  expect(log.slice(4)).toEqual(['throws begins', 'after begins', 'after ends']);
});
