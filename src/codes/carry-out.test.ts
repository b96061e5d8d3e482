import type { Operator } from '../acd/operator.ts';
import type { LogInRefusal } from '../acd/seats.ts';
import type { AuditEntry } from '../audit/audit.ts';
import { carryOut, type CodeActions } from './carry-out.ts';
import { readDialled } from './codes.ts';

const person: Operator = { id: 'p1', name: 'Sri', extension: '102', tier: 'regular', skills: [], languages: [] };
const budi: Operator = { ...person, id: 'p2', name: 'Budi', extension: '101' };

function world(over: { operator?: Operator | null; free?: boolean; taken?: boolean; known?: boolean } = {}) {
  const { free = true, taken = false, known = true } = over;
  let { operator = person } = over;
  const done: string[] = [];
  const audited: AuditEntry[] = [];
  const told: unknown[] = [];
  const act =
    <T>(what: string, good: T, bad: T) =>
    (...words: string[]): T => {
      done.push([what, ...words].join(' '));
      return free ? good : bad;
    };
  const logIn = act<LogInRefusal | null>('in', null, 'desk-taken');
  const actions: CodeActions = {
    line: () => ({
      atDesk: (account) =>
        known && account === 'op-a' ? { desk: { id: 'd1', name: 'Desk 1', account }, operator } : undefined,
      logIn(operatorId, deskId) {
        const refusal = logIn(operatorId, deskId);
        if (refusal === null) operator = budi;
        return refusal;
      },
      logOut: act<'done' | 'not-logged-in'>('out', 'done', 'not-logged-in'),
      pause: (operatorId, reason) => act('pause', true, false)(operatorId, reason),
      resume: act('resume', true, false),
    }),
    checkPin: (extension, pin) =>
      Promise.resolve(
        extension === '101' && pin === '4711'
          ? { right: true, operatorId: 'p2' }
          : { right: false, reason: pin === '0000' ? 'locked' : 'wrong' },
      ),
    ghost: ({ operatorId }) =>
      operatorId === 'p1' ? Promise.resolve('done') : Promise.reject(new Error('PostgreSQL is away')),
    outgoing: () => taken,
    audit: { note: (entry) => audited.push(entry), stop: () => Promise.resolve() },
    told: (detail) => told.push(detail),
  };
  const dial = (text: string) => carryOut(actions, { channelId: '1.1', account: 'op-a' }, readDialled(text));
  return { dial, done, audited, told };
}

describe('a code is seen to', () => {
  it.each([
    ['*12', 'logged-out', 'out p1', 'desk.log-out'],
    ['*13', 'available', 'resume p1', 'desk.available'],
    ['*143', 'paused', 'pause p1 training', 'desk.pause'],
    ['*9', 'done', undefined, 'desk.ghost'],
  ])('%s, for who is logged in there, is done, said, audited and told', async (text, prompt, act, action) => {
    const { dial, done, audited, told } = world();
    expect(await dial(text)).toBe(prompt);
    expect(done).toEqual(act === undefined ? [] : [act]);
    expect(audited).toMatchObject([
      { action, subject: 'operator/p1', principal: { operatorId: 'p1', tokenId: 'op-a' } },
    ]);
    expect(told).toMatchObject([{ operatorId: 'p1', done: true, reason: null }]);
  });

  it('a log-in is of the person with the PIN, at the desk that dials; the PIN stands nowhere', async () => {
    const { dial, done, audited, told } = world({ operator: null });
    expect(await dial('*11101*4711')).toBe('logged-in');
    expect(done).toEqual(['in p2 d1']);
    expect(audited).toMatchObject([{ action: 'desk.log-in', principal: { operatorId: 'p2', name: 'Budi' } }]);
    expect(JSON.stringify([audited, told])).not.toContain('4711');
  });

  it.each([
    ['*11101*4712', {}, 'log-in-refused', 'pin-wrong'],
    ['*11101*0000', {}, 'log-in-refused', 'pin-locked'],
    ['*11101*4711', { free: false }, 'code-refused', 'desk-taken'],
    ['*12', { free: false }, 'code-refused', 'not-logged-in'],
    ['*12', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['*9', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['0812345', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['*13', { known: false }, 'code-refused', 'unknown-desk'],
    ['*14', { free: false }, 'code-refused', 'not-possible'],
    ['0812345', {}, 'number-refused', 'number-refused'],
    ['*77', {}, 'code-unknown', 'unknown-code'],
  ])('%s with %o is refused: %s, %s', async (text, over, prompt, reason) => {
    const { dial, audited, told } = world(over);
    expect(await dial(text)).toBe(prompt);
    expect(audited).toEqual([]);
    expect(told).toMatchObject([{ done: false, reason }]);
  });

  it('a number that is taken is said nothing of', async () => {
    expect(await world({ taken: true }).dial('0812345')).toBeNull();
  });

  it('what cannot be told now is told as such', async () => {
    const { dial, told } = world({ operator: { ...person, id: 'p9' } });
    await expect(dial('*9')).rejects.toThrow('PostgreSQL is away');
    expect(told).toMatchObject([{ code: 'ghost', done: false, reason: 'unavailable' }]);
  });
});
