import { derivedId } from '../platform/ids.ts';
import { createLogger } from '../platform/logger.ts';
import type { AriCommands } from '../asterisk/commands.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { watchControllers } from './dead-controllers.ts';
import { findOrphans, watchOrphans, type AsteriskSnapshot } from './orphans.ts';

const dead = 'siaga-n1-0-17-abc';
const caller = {
  id: 'n1-1.1',
  name: 'PJSIP/carrier-telkom-00000001',
  state: 'Up',
  variables: { SIAGA_ROLE: 'caller' },
};
const leg = (name: string, state = 'Up', application = dead) => ({
  id: `${name}-leg`,
  name: `PJSIP/${name}-00000002`,
  state,
  variables: { SIAGA_APPLICATION: application, SIAGA_CALLER_CHANNEL: caller.id },
});
const operator = leg('op-a');
const agency = leg('agency');

function find(over: Partial<AsteriskSnapshot> & { held?: string[]; endpoints?: string[] }) {
  const { held = [], endpoints = [], ...snapshot } = over;
  const applications = [{ name: dead, channelIds: held, endpointIds: endpoints }];
  return findOrphans({ applications, channels: [], bridges: [], callIds: new Set(), ...snapshot }, new Set([dead]));
}

describe('what a dead controller left', () => {
  it('a caller with nobody goes to the human path, answered or not', () => {
    const action = [{ do: 'human-path', channelId: caller.id }];
    expect(find({ held: [caller.id], channels: [caller] })).toEqual(action);
    expect(find({ held: [caller.id], channels: [{ ...caller, state: 'Ring' }] })).toEqual(action);
    const alone = [{ id: 'call.b1', name: 'call', channels: [caller.id] }];
    expect(find({ held: [caller.id], channels: [caller], bridges: alone })).toEqual(action);
  });

  it('a phone that was answered and has nobody is sent for its caller', () => {
    expect(find({ held: [operator.id], channels: [operator] })).toEqual([{ do: 'rescue', channelId: operator.id }]);
    expect(find({ held: [agency.id], channels: [agency, caller] })).toEqual([{ do: 'rescue', channelId: agency.id }]);
  });

  it('an agency that answered for a dispatch without a call is offered to whoever goes on with it', () => {
    const answered = { ...agency, variables: { SIAGA_APPLICATION: dead, SIAGA_ROLE: 'agency' } };
    expect(find({ held: [agency.id], channels: [answered] })).toEqual([{ do: 'offer', channelId: agency.id }]);
  });

  it('an operator who dialled 112 is a caller; what else he dialled is hung up, and a crew that reports', () => {
    const phone = { id: 'n1-9.1', name: 'PJSIP/op-a-00000009', state: 'Up' };
    const dialled = { ...phone, variables: { SIAGA_ROLE: 'caller' } };
    expect(find({ held: [phone.id], channels: [dialled] })).toEqual([{ do: 'human-path', channelId: phone.id }]);
    const desk = { ...phone, variables: { SIAGA_ROLE: 'desk' } };
    expect(find({ held: [phone.id], channels: [desk] })).toEqual([{ do: 'hang-up', channelId: phone.id }]);
    expect(find({ held: [phone.id], channels: [{ ...desk, state: 'Ring' }] })).toHaveLength(1);
    expect(find({ channels: [desk] })).toEqual([]);
    const crew = { ...caller, variables: { SIAGA_ROLE: 'crew' } };
    expect(find({ held: [crew.id], channels: [crew] })).toEqual([{ do: 'hang-up', channelId: crew.id }]);
    // By its name it could be a caller.
    const probe = { ...caller, variables: { SIAGA_ROLE: 'probe' } };
    expect(find({ held: [probe.id], channels: [probe] })).toEqual([{ do: 'hang-up', channelId: probe.id }]);
  });

  it('a supervisor who only listens is hung up with what he hears by; one who has barged in is a phone like others', () => {
    const listener = { ...leg('op-s'), variables: { SIAGA_APPLICATION: dead, SIAGA_ROLE: 'monitor' } };
    const snoop = { id: 'call.n3', name: 'Snoop/n1-1.1-00000001', state: 'Up', variables: {} };
    const held = [listener.id, snoop.id];
    const bridges = [{ id: 'call.b2', name: 'call', channels: held }];
    expect(find({ held, bridges, channels: [listener, snoop] })).toEqual(
      held.map((id) => ({ do: 'hang-up', channelId: id })),
    );
    expect(find({ channels: [listener, snoop] })).toEqual([]);
    const barged = { ...listener, variables: { ...listener.variables, SIAGA_CALLER_CHANNEL: caller.id } };
    expect(find({ held: [listener.id], channels: [barged] })).toEqual([{ do: 'rescue', channelId: listener.id }]);
  });

  it('two who talk are left to each other, until one has gone whom Asterisk still lists in the bridge', () => {
    const bridges = [{ id: 'call.b1', name: 'call', channels: [caller.id, operator.id] }];
    const held = [caller.id, operator.id];
    // Should he have been mute, nobody would hear the key that ends it.
    expect(find({ held, bridges, channels: [caller, operator] })).toEqual([{ do: 'unmute', channelId: operator.id }]);
    for (const name of ['PJSIP/ag-5d7e8ff095613627-00000001', 'PJSIP/outside-00000001']) {
      const other = { ...operator, name };
      expect(find({ held, bridges, channels: [caller, other] })).toEqual([{ do: 'unmute', channelId: operator.id }]);
    }
    expect(find({ held: [caller.id], bridges, channels: [caller, operator] })).toEqual([]);
    expect(find({ held, bridges, channels: [operator] })).toEqual([{ do: 'rescue', channelId: operator.id }]);
    expect(find({ held, bridges, channels: [caller] })).toEqual([{ do: 'human-path', channelId: caller.id }]);
  });

  it("whoever is in the dialplan, or a living controller's, is left alone", () => {
    expect(find({ channels: [caller, operator, leg('op-b', 'Ringing', 'siaga-n1-0-18-abd')] })).toEqual([]);
  });

  it("an operator's phone stops to ring; an agency's rings on while there is a caller", () => {
    const ringing = [leg('op-a', 'Ringing'), leg('agency', 'Ringing')];
    expect(find({ channels: [caller, ...ringing] })).toEqual([{ do: 'hang-up', channelId: 'op-a-leg' }]);
    expect(find({ channels: ringing })).toEqual([
      { do: 'hang-up', channelId: 'op-a-leg' },
      { do: 'hang-up', channelId: 'agency-leg' },
    ]);
  });

  it('an empty bridge of a call whose caller has gone is deleted, and no other', () => {
    const empty = { id: 'call.b1', name: 'call', channels: [] };
    expect(find({ bridges: [empty] })).toEqual([{ do: 'delete-bridge', bridgeId: 'call.b1' }]);
    expect(find({ bridges: [empty], callIds: new Set(['call']) })).toEqual([]);
    expect(find({ bridges: [{ ...empty, id: 'of-somebody-else' }] })).toEqual([]);
    expect(find({ bridges: [{ ...empty, channels: ['x'] }] })).toEqual([]);
  });

  it('Asterisk may forget the application once it holds no channel', () => {
    const unsubscribe = { do: 'unsubscribe', application: dead, eventSource: 'endpoint:PJSIP/agency' };
    expect(find({ endpoints: ['PJSIP/agency'] })).toEqual([unsubscribe]);
    expect(find({ endpoints: ['PJSIP/agency'], held: [caller.id] })).toEqual([]);
  });
});

describe('the watch', () => {
  function watch(rank: number) {
    const clock = fakeClock();
    const sent: string[] = [];
    const touches = new Map([[dead, 1]]);
    const bodies: Record<string, unknown[]> = {
      '/applications': [{ name: dead, channel_ids: [caller.id], endpoint_ids: [] }],
      '/channels': [{ ...caller, channelvars: {} }],
      '/bridges': [],
    };
    const ari: AriCommands = {
      send: (method, path) => {
        if (method !== 'GET') sent.push(`${method} ${path}`);
        return Promise.resolve({ ok: true, status: 200, body: bodies[path] ?? null });
      },
      close: () => Promise.resolve(),
    };
    const alarms: string[] = [];
    const adopted: string[][] = [];
    const world = { held: false, heard: true, ours: new Set<string>(), seenTo: new Set<string>() };
    const controllers = watchControllers({
      clock,
      rank,
      presenceOf: () => Promise.resolve('unknown'),
      journalTouchedAt: () => Promise.resolve(touches),
    });
    const { sweep, stop } = watchOrphans({
      node: 'n1',
      application: 'siaga-n1-0-18-own',
      ari,
      clock,
      logger: createLogger('silent'),
      connected: () => true,
      held: () => world.held,
      controllers,
      adopter: {
        adopt(names) {
          adopted.push([...names]);
          return Promise.resolve(new Map(world.heard ? names.map((name) => [name, 0]) : []));
        },
        seenTo: () => Promise.resolve(world.seenTo),
        heard: () => [],
        look: () => Promise.resolve(),
      },
      isOurs: (id) => world.ours.has(id),
      journals: () => Promise.resolve(touches.keys()),
      alarm: (code) => alarms.push(code),
    });
    stop();
    return { clock, sent, touches, alarms, bodies, sweep, adopted, world };
  }
  const taken = [`POST /channels/${caller.id}/continue`];

  it('takes what is of a controller whose journal has not been touched for four seconds', async () => {
    const { clock, sent, sweep, alarms } = watch(0);
    await sweep();
    clock.advance(3_900);
    await sweep();
    expect(sent).toEqual([]);
    clock.advance(100);
    await sweep();
    expect(sent).toEqual(taken);
    expect(alarms).toEqual(['controller-dead']);
  });

  it('has the calls of a dead one gone on with once, and leaves alone what is of them', async () => {
    const { clock, sent, sweep, adopted, world } = watch(0);
    await sweep();
    clock.advance(4_000);
    world.ours.add(caller.id);
    await sweep();
    await sweep();
    expect(adopted).toEqual([[dead]]);
    expect(sent).toEqual([]);
  });

  it('tries again to hear one, and gives his callers to the dialplan when that fails for good', async () => {
    const { clock, sent, sweep, adopted, world } = watch(0);
    world.heard = false;
    await sweep();
    clock.advance(4_000);
    for (let time = 0; time < 3; time += 1) await sweep();
    expect(sent).toEqual([]);
    await sweep();
    expect(adopted).toHaveLength(4);
    expect(sent).toEqual(taken);
  });

  it('leaves to another living controller whom that one has taken', async () => {
    const { clock, sent, sweep, adopted, world } = watch(0);
    world.seenTo.add(dead);
    await sweep();
    clock.advance(4_000);
    await sweep();
    expect([sent, adopted]).toEqual([[], []]);
  });

  it('touches nothing before it knows what happened while its process stood still', async () => {
    const { clock, sent, sweep, world } = watch(0);
    await sweep();
    clock.advance(4_000);
    world.held = true;
    await sweep();
    expect(sent).toEqual([]);
  });

  it('sends those who wait for somebody before it makes heard who may be mute, and that once only', async () => {
    const { clock, sent, bodies, sweep } = watch(0);
    const waits = { ...caller, id: 'n1-8.1' };
    bodies['/applications'] = [{ name: dead, channel_ids: [operator.id, caller.id, waits.id], endpoint_ids: [] }];
    bodies['/bridges'] = [{ id: 'call.b1', name: 'call', channels: [caller.id, operator.id] }];
    bodies['/channels'] = [operator, caller, waits].map((one) => ({ ...one, channelvars: {} }));
    await sweep();
    clock.advance(4_000);
    await sweep();
    await sweep();
    expect(sent.filter((what) => !what.includes(operator.id))[0]).toContain(waits.id);
    expect(sent.indexOf(`DELETE /channels/${operator.id}/mute`)).toBe(
      sent.indexOf(`POST /channels/${waits.id}/continue`) + 1,
    );
    expect(sent.filter((what) => what.endsWith('/mute'))).toHaveLength(1);
  });

  it('looks for empty bridges now and then, and spares those of callers who wait', async () => {
    const { clock, sent, bodies, touches, sweep } = watch(0);
    const waiting = derivedId('call', 'n1', caller.id, 0);
    bodies['/bridges'] = [
      { id: `${waiting}.b1`, name: waiting, channels: [] },
      { id: 'gone.b1', name: 'gone', channels: [] },
    ];
    clock.advance(30_000);
    touches.set(dead, 2);
    await sweep();
    expect(sent).toEqual(['DELETE /bridges/gone.b1']);
  });
});
