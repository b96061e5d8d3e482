import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { createLogger } from '../platform/logger.ts';
import { createCopies, type Postgres } from '../platform/postgres.ts';
import { callerOf, startCrewPhone } from './crew-phone.ts';

/** Crews on the telephone over an Asterisk that does all it is told, and a PostgreSQL that is away. */
function world() {
  const clock = fakeClock();
  const sent: string[] = [];
  let noted = '';
  let responderNumber: string | null = '+62761555300';
  const ari: AriCommands = {
    send(method, path, query, body) {
      const done = JSON.stringify({ ...query, ...body });
      if (path !== '/asterisk/variable') sent.push(`${method} ${path} ${done}`);
      const answer: AriAnswer = { ok: true, status: 200, body: { value: noted } };
      return Promise.resolve(answer);
    },
    close: () => Promise.resolve(),
  };
  const away = (): never => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  };
  const postgres: Postgres = {
    rows: () => Promise.resolve().then(away),
    first: () => Promise.resolve().then(away),
    execute: () => Promise.resolve().then(away),
    transaction: () => Promise.resolve().then(away),
    listen: () => () => undefined,
    reachable: () => false,
    copies: createCopies(),
    close: () => Promise.resolve(),
  };
  const room = startCrewPhone({
    ari,
    postgres,
    clock,
    logger: createLogger('silent'),
    auditLater: () => undefined,
    settings: () => ({ responderNumber }),
    connected: () => true,
    noteByPhone: () => Promise.resolve('behind' as const),
    alarm: () => undefined,
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    clock,
    room,
    settled,
    noted: (text: string) => void (noted = text),
    set: (number: string | null) => void (responderNumber = number),
    enters: (id: string, role = 'crew') =>
      room.take({
        type: 'entered',
        arguments: [role],
        channel: {
          id,
          name: 'PJSIP/carrier-a-00000001',
          state: 'Ring',
          sipCallId: id,
          callerNumber: '0811',
          callerName: null,
          dialplanApplication: null,
          variables: {},
        },
      }),
    sent: async (): Promise<string[]> => {
      await settled();
      return sent.splice(0);
    },
  };
}

test('takes crews and nobody else; whoever is one too many hears so, and there is room again when one hangs up', async () => {
  const { room, enters, sent } = world();
  expect([enters('1.0', 'caller'), enters('1.0', 'desk')]).toEqual([false, false]);
  for (let crew = 1; crew <= 10; crew += 1) expect(enters(`1.${crew}`)).toBe(true);
  expect((await sent()).filter((one) => one.includes('/answer'))).toHaveLength(10);
  expect(enters('1.11')).toBe(true);
  expect(await sent()).toEqual(['POST /channels/1.11/continue {"context":"crews","extension":"away","priority":1}']);
  expect(room.take({ type: 'left', channelId: '1.3' })).toBe(true);
  expect(room.take({ type: 'left', channelId: '1.11' })).toBe(false);
  enters('1.12');
  expect((await sent())[0]).toContain('POST /channels/1.12/answer');
  await room.stop();
  expect((await sent()).filter((one) => one.startsWith('DELETE'))).toHaveLength(10);
});

test('with PostgreSQL away it is said, and nothing is left behind', async () => {
  const { room, clock, enters, sent, settled } = world();
  enters('1.1');
  Array.from('123456654321').forEach((key, index) => {
    room.take({ type: 'key-pressed', channelId: '1.1', key, stamp: String(index) });
    // It comes twice when its endpoint is subscribed to as well.
    room.take({ type: 'key-pressed', channelId: '1.1', key, stamp: String(index) });
  });
  await settled();
  expect((await sent()).at(-1)).toContain('sound:siaga/crew-unavailable');
  room.take({ type: 'sound-ended', soundId: '1.1.k3', failed: false });
  expect(await sent()).toEqual(['DELETE /channels/1.1 {"reason":"normal"}']);
  await room.stop();
  expect(clock.pending()).toBe(0);
});

test('keeps the number in the dialplan as the settings have it, once the dialplan has looked', async () => {
  const { room, clock, noted, set, sent } = world();
  const kept = async (): Promise<string[]> =>
    (await sent()).map((one) => /"SIAGA_VALUE":"(.*?)"/.exec(one)?.[1] ?? one);
  room.look();
  expect(await kept()).toEqual([]);
  noted('@');
  clock.advance(5_000);
  expect(await kept()).toEqual(['%2B62761555300']);
  noted('@%2B62761555300');
  room.look();
  expect(await kept()).toEqual([]);
  set(null);
  room.look();
  expect(await kept()).toEqual(['']);
  await room.stop();
});

test.each([
  ['PJSIP/carrier-a-00000001', '0811', '0811'],
  ['PJSIP/ag-x1Y2-0000000a', '0811', 'ag-x1Y2'],
  ['PJSIP/carrier-a-00000001', 'Anonymous', ''],
  ['PJSIP/carrier-a-00000001', null, ''],
])('who calls on %s as %s is %j', (name, callerNumber, caller) => {
  expect(callerOf({ name, callerNumber })).toBe(caller);
});
