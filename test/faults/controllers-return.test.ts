import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { answers, rings } from '../../scripts/sip/phone.mjs';
import { notToBeTold } from '../../src/asterisk/translate.ts';
import { callbackView } from '../../src/triage/callback-routes.ts';
import { newNumber } from '../support/callers.ts';
import { carriers, type Centre } from '../support/centre.ts';
import { end, FaultCentre, tones } from '../support/fault-centre.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { endpointsHeard, eventsNotTold } from '../support/told.ts';
import { WireCall } from '../support/wire.ts';

// What a controller finds that starts after all have died, or after Asterisk has, and what a standby does when its leader is lost.
const listed = z.object({ items: z.array(callbackView) });
let faults: FaultCentre;
let centre: Centre;

beforeAll(async () => {
  faults = await FaultCentre.start('controllers-return');
  ({ centre } = faults);
}, 60_000);
afterAll(() => faults.centre.stop(), 30_000);
afterEach(() => faults.renew(), 60_000);

describe('a controller that starts afterwards', () => {
  test('frees the operator whose caller has gone, and keeps one record of the call', async () => {
    const { caller, operator, id } = await faults.conversation();
    // It dies while it says something to the operator.
    expect((await centre.api.ask('POST', `/v1/calls/${id}/assist`, { as: 'supervisor' })).status).toBe(409);
    const whispers = async (): Promise<boolean> => (await centre.channels()).some((name) => name.startsWith('Snoop/'));
    await until('the operator is told', whispers);
    await faults.restart();
    await until('nobody whispers any more', async () => !(await whispers()));
    expect([caller.ended, operator.ended]).toEqual([false, false]);
    await caller.hangUp();
    await operator.waitFor('ended', { within: 12_000 });
    const record = await centre.api.recordOf(caller.wire.callId);
    expect(record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
    expect(record.endedAt).not.toBeNull();
    await until('there is an alarm', async () => (await centre.api.alarms('controller-dead')).length > 0);
    // Nothing of the dead is left in Asterisk, but for a name that goes with the next call.
    const held = z.object({ name: z.string(), channel_ids: z.array(z.string()), endpoint_ids: z.array(z.string()) });
    const nothingHeld = async (): Promise<boolean> => {
      const applications = z.array(held).parse((await centre.ari('GET', 'applications')).body);
      return applications.every((one) => one.channel_ids.length + one.endpoint_ids.length === 0);
    };
    await until('the dead hold nothing', nothingHeld);
  }, 60_000);

  test('leaves the registration of a phone as it is: it rings once, and is away when it has gone', async () => {
    const [, second] = centre.operators;
    if (second === undefined) throw new Error('two operators');
    const other = await centre.registerOperator(second, rings());
    centre.phones.push(other);
    await centre.api.operatorIs(second.id, 'available');
    const endpoint = `asterisk/config/dynamic/res_pjsip/endpoint/${second.username}`;
    await centre.ari('PUT', endpoint, { fields: [{ attribute: 'rtp_timeout', value: '77' }] });
    await faults.restart();
    const pushed = async (): Promise<string> => JSON.stringify((await centre.ari('GET', endpoint)).body);
    await until('the account is pushed', async () => (await pushed()).includes('"rtp_timeout","value":"10"'));
    await centre.api.operatorIs(second.id, 'available');
    expect(await centre.cli(`dialplan eval function PJSIP_DIAL_CONTACTS(${second.username})`)).not.toContain('&');
    await other.kill();
    await other.unregister();
    await centre.api.operatorIs(second.id, 'offline');
    expect(await centre.cli(`dialplan eval function PJSIP_DIAL_CONTACTS(${second.username})`)).not.toContain('sip:');
  }, 60_000);

  test('takes a caller who waited when the other died', async () => {
    const { caller, operator } = await faults.ringing();
    faults.phone.behave(answers());
    const anew = centre.upcoming(faults.phone, 20_000).then((call) => call.waitFor('answered'));
    await faults.restart();
    // The phone rings on, or was let go and is rung anew.
    await Promise.any([anew, operator.answer().then(() => operator.play())]);
    await until('the caller hears the operator', () => caller.secondsOf(tones.operator) > 0.5);
    await caller.hangUp();
    // Where he hung up before the new controller looked, Asterisk's log tells that he talked.
    await until('it is on record that he talked', async () =>
      ['answered', 'human-path'].includes((await centre.api.recordOf(caller.wire.callId)).outcome ?? ''),
    );
    await nobodyToCallBack(caller);
  }, 60_000);

  test('knows who talked while there was none, and had hung up before it was there', async () => {
    const { caller, operator } = await faults.ringing();
    await faults.strike('killed');
    await operator.answer();
    await operator.play();
    await until('the caller hears the operator', () => caller.secondsOf(tones.operator) > 0.5, 12_000);
    await caller.hangUp();
    await faults.restart();
    const outcome = async (): Promise<string | null> => (await centre.api.recordOf(caller.wire.callId)).outcome;
    await until('it is on record that he talked', async () => (await outcome()) === 'human-path', 10_000);
    await nobodyToCallBack(caller);
  }, 60_000);
});

async function nobodyToCallBack(caller: LineCaller): Promise<void> {
  const { items } = await centre.api.get('/v1/callbacks?limit=200', listed);
  const { id } = await centre.api.recordOf(caller.wire.callId);
  expect(items.filter(({ callId, state }) => callId === id && state !== 'redialled')).toEqual([]);
}

describe('Asterisk is killed, and comes again', () => {
  const entryOf = async (callId: string) =>
    (await centre.api.get('/v1/callbacks?limit=200', listed)).items.find((one) => one.callId === callId);
  const reasonOf = async (callId: string): Promise<string | undefined> => (await entryOf(callId))?.reason;

  test.each(['which goes on', 'which is killed as well', 'which is killed as well, and back before it'])(
    'with a controller %s: who talked and who waited are to be called back, for they did not hang up',
    async (controller) => {
      const [waits, givesUp] = [newNumber(), newNumber()];
      const talked = await faults.conversation();
      const waiter = await centre.dialLine(tones.caller, { number: waits });
      const waited = await centre.api.taken(waiter.wire);
      const before = await centre.dialLine(tones.caller, { number: givesUp });
      const gaveUp = await centre.api.taken(before.wire);
      await before.hangUp();
      await until('he is on the list', async () => (await reasonOf(gaveUp.id)) === 'gave-up');

      const dead = faults.controller.pid;
      const journals = join(centre.directory, 'state', 'journal');
      if (controller !== 'which goes on') await end(faults.controller);
      await centre.killAsterisk();
      // It is ready only when Asterisk is there.
      const back = controller.endsWith('back before it') ? faults.restart() : null;
      if (back !== null) {
        await until(
          "the dead one's records are brought home",
          async () =>
            (await readdir(journals)).some((name) => name.includes(`-${dead}-`) && name.endsWith('.projected')),
          20_000,
        );
      }
      await centre.restartAsterisk();
      await back;
      if (controller === 'which is killed as well') await faults.restart();
      for (const [id, outcome] of [
        [talked.id, 'answered'],
        [waited.id, 'abandoned'],
      ] as const) {
        await until('he is on the list', async () => (await reasonOf(id)) === 'connection-lost', 20_000);
        expect(await entryOf(id)).toMatchObject({ state: 'listed' });
        expect(await centre.api.call(id)).toMatchObject({ outcome, reason: 'the connection was lost by a fault' });
      }
      expect(await reasonOf(gaveUp.id)).toBe('gave-up');
      // The new one is told as much as the old one was, or each call costs more from here on.
      expect(await eventsNotTold(centre)).toEqual([...notToBeTold].sort());

      await faults.free();
      const again = await centre.dialLine(tones.caller, { number: waits });
      await until('he talks with an operator', () => again.secondsOf(tones.operator) > 0.5);
      // The new Asterisk was asked anew to tell of phones that refuse.
      expect(await endpointsHeard(centre)).toContain(`PJSIP/${centre.operators[0]?.username}`);
      await until('he is off the list', async () => (await entryOf(waited.id))?.state === 'redialled');
      expect(await entryOf(talked.id)).toMatchObject({ state: 'listed' });
    },
    90_000,
  );
});

describe('of two controllers', () => {
  let standby: ControllerHandle;
  beforeEach(async () => {
    standby = await centre.startController({ rank: 1, name: `standby-${centre.controllers.length}` });
  });
  afterEach(() => end(standby));

  test('the standby hears of refused INVITEs once the leader is dead', async () => {
    await end(faults.controller);
    await until(
      'a refused INVITE raises an alarm',
      async () => {
        const wire = await WireCall.open({
          server: centre.asterisk.sip,
          address: carriers.telkom,
          headers: ['Require: precondition'],
        });
        wire.invite();
        expect((await wire.answered()).status).toBe(420);
        wire.close();
        return (await centre.api.alarms('call-refused-by-asterisk')).length > 0;
      },
      12_000,
    );
  }, 60_000);

  test('what the standby reads in the log of a call of the leader adds nothing to its record', async () => {
    const { caller } = await faults.conversation();
    await caller.hangUp();
    const record = await centre.api.recordOf(caller.wire.callId);
    expect(record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
    const logged = z.object({ logged: z.unknown() });
    await until(
      'the standby has read the log',
      async () =>
        (await centre.api.sql(logged, 'select logged from calls where id = $1 and logged is not null', [record.id]))
          .length === 1,
    );
    expect(await centre.api.call(record.id)).toEqual(record);
    expect((await centre.api.timelineOf(record.id)).map(({ type }) => type)).not.toContain('call.logged');
  }, 60_000);
});
