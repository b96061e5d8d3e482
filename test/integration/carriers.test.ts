import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import type { CarrierSilence } from '../../src/probes/carrier-silence.ts';
import { startClockWatch } from '../../src/probes/clock-watch.ts';
import { watchSilence, type SilenceWatch } from '../../src/probes/silence-watch.ts';
import { readCarrierStates, writeCarrierStates, type CarrierState } from '../../src/probes/store.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';

const logger = createLogger('silent');
const noon = Date.parse('2026-03-02T12:00:00+07:00');
const minute = 60_000;
let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await createDatabase();
  postgres = createPostgres(database.url, { applicationName: 'carriers', logger, clock: systemClock });
}, 60_000);
afterAll(async () => {
  await postgres.close();
  await database.drop();
});
afterEach(() => postgres.execute('truncate carriers, calls, incidents cascade'));

async function callCame(carrier: string, at: number, node = 'n1'): Promise<void> {
  const [id, incidentId] = [randomUUID(), randomUUID()];
  const incident = `insert into incidents (id, opened_at, version, status) values ($1, $2, 1, 'open')`;
  await postgres.execute(incident, [incidentId, new Date(at)]);
  await postgres.execute(
    `insert into calls (id, incident_id, node, channel_id, arrived_at, stage, recorded_by, carrier, claimed_at, sequence)
     values ($1, $2, $3, $4, $5, 'ended', 'cel', $6, 1, 1)`,
    [id, incidentId, node, id, new Date(at), carrier],
  );
}

describe('a carrier that brings no call', () => {
  const limits: CarrierSilence = { day: 30, night: 120, nightFrom: '22:00', nightTo: '06:00' };
  let clock: FakeClock;
  let alarms: string[];
  let rule: CarrierSilence;
  let watch: SilenceWatch;

  beforeEach(() => {
    clock = fakeClock(noon);
    alarms = [];
    rule = limits;
    watch = watchSilence({
      node: 'n1',
      postgres,
      clock,
      settings: () => ({ carrierSilentMinutes: rule, timeZone: 'Asia/Jakarta' }),
      alarm: (code, { carrier = '', since = '', minutes = '-' }) =>
        alarms.push(`${code} ${carrier} ${since} ${minutes}`),
    });
  });

  it('for a set time is told of once, and again with the next call; the others are not', async () => {
    await callCame('telkom', noon);
    await callCame('seluler', noon + 20 * minute);
    // Another node's call is no word on this one's line.
    await callCame('telkom', noon + 25 * minute, 'n2');
    clock.advance(29 * minute);
    expect(await watch.look('telkom', null)).toBeNull();
    clock.advance(minute);
    const since = await watch.look('telkom', null);
    expect(since).toBe(noon);
    expect(await watch.look('telkom', since)).toBe(noon);
    expect(await watch.look('seluler', null)).toBeNull();
    expect(alarms).toEqual([`carrier-silent telkom ${new Date(noon).toISOString()} 30`]);
    await callCame('telkom', clock.now());
    expect(await watch.look('telkom', since)).toBeNull();
    expect(alarms.slice(1)).toEqual([`carrier-heard telkom ${new Date(noon).toISOString()} -`]);
  });

  it('from its beginning on is told of by the time since the watch began', async () => {
    clock.advance(30 * minute);
    const since = await watch.look('baru', null);
    expect(since).toBe(noon);
    await callCame('baru', clock.now());
    expect(await watch.look('baru', since)).toBeNull();
    expect(alarms).toHaveLength(2);
  });

  it('is nobody’s concern where the setting is off', async () => {
    rule = { ...limits, day: 0, night: 0 };
    await callCame('telkom', noon);
    clock.advance(10_000 * minute);
    expect(await watch.look('telkom', null)).toBeNull();
    expect(await watch.look('telkom', noon)).toBeNull();
    expect(alarms).toEqual([]);
  });
});

it('what is known of carriers is kept by node, with their last calls; those that are gone are forgotten', async () => {
  const probe = {
    carrier: 'telkom',
    at: noon,
    since: noon - minute,
    failure: 'not-claimed' as const,
    milliseconds: 140,
  };
  const telkom: CarrierState = { carrier: 'telkom', probe, silentSince: null };
  const seluler: CarrierState = { carrier: 'seluler', probe: null, silentSince: noon };
  await writeCarrierStates(postgres, 'n2', [telkom]);
  await writeCarrierStates(postgres, 'n1', [telkom, seluler]);
  await callCame('telkom', noon - minute);
  await callCame('telkom', noon);
  expect(await readCarrierStates(postgres)).toEqual([
    { node: 'n1', ...seluler, lastCallAt: null },
    { node: 'n1', ...telkom, lastCallAt: noon },
    { node: 'n2', ...telkom, lastCallAt: null },
  ]);
  await writeCarrierStates(postgres, 'n1', [{ ...telkom, probe: { ...probe, failure: null } }]);
  const after = await readCarrierStates(postgres);
  expect(after.map(({ node, carrier, probe: one }) => [node, carrier, one?.failure])).toEqual([
    ['n1', 'telkom', null],
    ['n2', 'telkom', 'not-claimed'],
  ]);
});

describe('the machine’s clock', () => {
  /** Looks come two hundred times as often. */
  const fast: Clock = { ...systemClock, every: (ms, fn) => systemClock.every(ms / 200, fn) };

  it('that differs from the servers’ is told of with how much, and when it is well; what was set under us is told apart', async () => {
    const alarms: { code: string; detail: Record<string, string | number> }[] = [];
    const { registry, ...metrics } = createMetrics();
    let ahead = 0;
    const watch = startClockWatch({
      application: 'clocks',
      redisUrl: redisUrl(),
      postgres,
      clock: fast,
      logger,
      metrics: { registry, ...metrics },
      settings: () => ({ clockOffSeconds: 2 }),
      wallTime: () => Date.now() + ahead,
      alarm: (code, detail) => alarms.push({ code, detail }),
    });
    const of = (code: string) => alarms.filter((one) => one.code === code);
    const measured = async () => {
      const text = await registry.metrics();
      return ['postgres', 'redis'].map((against) => {
        const line = new RegExp(`^siaga_clock_ahead_seconds\\{against="${against}"\\} (\\S+)$`, 'm').exec(text)?.[1];
        return line === undefined ? null : Math.round(Number(line));
      });
    };
    try {
      await until('both were asked', async () => (await measured()).every((one) => one === 0));
      expect(of('clock-off')).toEqual([]);
      ahead = -7_000;
      await until('it is told', () => of('clock-off').length > 0);
      const [told] = of('clock-off');
      expect(Math.round(Number(told?.detail['seconds']))).toBe(-7);
      // This process has its own time, which is right: its records are.
      expect(Math.abs(Number(told?.detail['recordsSeconds']))).toBeLessThan(1);
      expect(String(told?.detail['readings'])).toMatch(/^postgres -\d\S*, redis -\d\S*$/);
      expect(await measured()).toEqual([-7, -7]);
      await until('that it was set is told', () => of('clock-set').length > 0);
      ahead = 0;
      await until('it is well', () => of('clock-well').length > 0);
      expect(of('clock-off')).toHaveLength(1);
    } finally {
      watch.stop();
    }
  }, 30_000);
});
