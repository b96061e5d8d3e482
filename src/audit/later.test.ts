import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createCopies, type Postgres } from '../platform/postgres.ts';
import type { AuditEntry } from './audit.ts';
import { createAuditKeeper } from './later.ts';

const entry = (subject: string): AuditEntry => ({
  principal: { tokenId: 't', role: 'operator', name: 'Sari' },
  action: 'operators.pause',
  subject,
});
const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function world() {
  const clock = fakeClock();
  const written: AuditEntry[] = [];
  const state: { fails: (one: AuditEntry) => Error | null } = { fails: () => null };
  // It is handed on, and nothing else.
  const postgres: Postgres = {
    rows: () => Promise.resolve([]),
    first: () => Promise.resolve(undefined),
    execute: () => Promise.resolve(0),
    transaction: () => Promise.reject(new Error('not used')),
    reachable: () => true,
    copies: createCopies(),
    listen: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const keeper = createAuditKeeper({
    postgres,
    clock,
    logger: createLogger('silent'),
    audit(_sql, one) {
      const error = state.fails(one);
      if (error !== null) return Promise.reject(error);
      written.push(one);
      return Promise.resolve();
    },
  });
  return { clock, keeper, state, subjects: () => written.map(({ subject }) => subject), written };
}

describe('an entry that waits for nobody', () => {
  it('is written at once, with when it was done and a key of its own', async () => {
    const { keeper, written } = world();
    keeper.note(entry('a'));
    keeper.note({ ...entry('b'), key: 'given' });
    await settled();
    expect(written).toMatchObject([{ subject: 'a', detail: { at: '2026-01-01T00:00:00.000Z' } }, { key: 'given' }]);
    expect(written[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('waits while PostgreSQL is away, and comes in order, under the same key', async () => {
    const { clock, keeper, state, subjects, written } = world();
    const keys: unknown[] = [];
    state.fails = ({ key }) => (keys.push(key), away);
    keeper.note(entry('a'));
    keeper.note(entry('b'));
    await settled();
    expect(subjects()).toEqual([]);
    state.fails = () => null;
    clock.advance(5_000);
    await settled();
    expect(subjects()).toEqual(['a', 'b']);
    expect(written[0]?.key).toBe(keys[0]);
  });

  it('which PostgreSQL refuses holds up nobody behind it', async () => {
    const { keeper, state, subjects } = world();
    state.fails = ({ subject }) => (subject === 'bad' ? new Error('invalid byte sequence') : null);
    for (const subject of ['bad', 'good']) keeper.note(entry(subject));
    await settled();
    expect(subjects()).toEqual(['good']);
  });

  it('is tried once more at the end, and the oldest go when too many wait', async () => {
    const { keeper, state, subjects } = world();
    state.fails = () => away;
    for (let one = 0; one <= 500; one += 1) keeper.note(entry(String(one)));
    await settled();
    state.fails = () => null;
    await keeper.stop();
    expect(subjects()).toHaveLength(500);
    expect(subjects()[0]).toBe('1');
  });
});
