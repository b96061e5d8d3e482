import type { AuditEntry } from '../audit/audit.ts';
import type { Operator } from '../acd/operator.ts';
import { carryOut, type CodeActions } from './carry-out.ts';
import { readDialled } from './codes.ts';

const person: Operator = { id: 'p1', name: 'Sri', extension: '201', tier: 'regular', skills: [], languages: [] };

function world(over: { operator?: typeof person | null; free?: boolean; known?: boolean } = {}) {
  const { operator = person, free = true, known = true } = over;
  const desk = { id: 'd1', name: 'Meja 1', account: 'op-a' };
  const done: string[] = [];
  const audited: AuditEntry[] = [];
  const told: unknown[] = [];
  const outside: unknown[] = [];
  let seated = operator;
  const note = (...words: string[]): boolean => {
    done.push(words.join(' '));
    return free;
  };
  const actions: CodeActions = {
    line: () => ({
      atDesk: (account) => (known && account === 'op-a' ? { desk, operator: seated } : undefined),
      logIn(operatorId, deskId) {
        if (!note('in', operatorId, deskId)) return 'desk-taken';
        seated = { ...person, id: operatorId, name: 'Budi' };
        return null;
      },
      logOut: (operatorId) => (note('out', operatorId) ? 'done' : 'not-logged-in'),
      pause: (operatorId, reason) => note('pause', operatorId, reason),
      resume: (operatorId) => note('resume', operatorId),
    }),
    checkPin: (extension, pin) =>
      Promise.resolve(
        extension === '101' && pin === '4711'
          ? { right: true, operatorId: 'p2' }
          : { right: false, reason: extension === '102' ? 'locked' : 'wrong', operatorId: 'p2' },
      ),
    ghost: ({ operatorId }) =>
      operatorId === 'p1' ? Promise.resolve('done') : Promise.reject(new Error('PostgreSQL is away')),
    outgoing: (dialled) => outside.push(dialled),
    audit: (entry) => audited.push(entry),
    told: (detail) => told.push(detail),
  };
  const dial = (text: string) => carryOut(actions, { channelId: '1.1', account: 'op-a' }, readDialled(text));
  return { dial, done, audited, told, outside };
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
    expect(told).toMatchObject([{ phone: 'op-a', operatorId: 'p1', done: true, reason: null }]);
  });

  it('a log-in is of the person with the PIN, at the desk that dials; the PIN stands nowhere', async () => {
    const { dial, done, audited, told } = world({ operator: null });
    expect(await dial('*11101*4711')).toBe('logged-in');
    expect(done).toEqual(['in p2 d1']);
    expect(audited).toMatchObject([{ action: 'desk.log-in', principal: { operatorId: 'p2', name: 'Budi' } }]);
    expect(JSON.stringify([audited, told])).not.toContain('4711');
  });

  it.each([
    ['*11101*4712', 'wrong'],
    ['*11102*4711', 'locked'],
    ['*11101', 'wrong'],
  ])(
    '%s is refused as %s: the trail has the phone and whose PIN it was to be, and nothing that was typed',
    async (text, reason) => {
      const { dial, done, audited, told } = world();
      expect(await dial(text)).toBe('log-in-refused');
      expect(done).toEqual([]);
      expect(told).toEqual([{ code: 'log-in', phone: 'op-a', operatorId: null, done: false, reason }]);
      expect(audited).toEqual([
        {
          principal: { tokenId: 'op-a', role: 'operator', name: 'op-a' },
          action: 'desk.log-in-refused',
          subject: 'desk/d1',
          detail: { operatorId: 'p2', reason },
        },
      ]);
    },
  );

  it.each([
    ['*11101*4711', { free: false }, 'code-refused', 'desk-taken'],
    ['*12', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['*9', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['0812345', { operator: null }, 'code-refused', 'nobody-logged-in'],
    ['*13', { known: false }, 'code-refused', 'unknown-desk'],
    ['*14', { free: false }, 'code-refused', 'not-possible'],
    ['*77', {}, 'code-unknown', 'unknown-code'],
  ])('%s with %o is refused: %s, %s', async (text, over, prompt, reason) => {
    const { dial, audited, told } = world(over);
    expect(await dial(text)).toBe(prompt);
    expect(audited).toEqual([]);
    expect(told).toMatchObject([{ done: false, reason }]);
  });

  it('a number is handed on, and nothing is said of it here', async () => {
    const { dial, outside, audited, told } = world();
    expect(await dial('0812345')).toBeNull();
    expect(outside).toEqual([{ channelId: '1.1', account: 'op-a', operatorId: 'p1', number: '0812345' }]);
    expect(audited).toEqual([]);
    expect(told).toMatchObject([{ code: 'call', done: true }]);
  });

  it('what cannot be told now is told as such', async () => {
    const { dial, told } = world({ operator: { ...person, id: 'p9', name: 'Ani' } });
    await expect(dial('*9')).rejects.toThrow('PostgreSQL is away');
    expect(told).toMatchObject([{ code: 'ghost', done: false, reason: 'unavailable' }]);
  });
});
