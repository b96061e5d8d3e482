import { z } from 'zod';
import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { awakeMilliseconds } from '../../scripts/sip/awake.mjs';
import { answers, rings, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { carriers, type Centre } from '../support/centre.ts';
import { resumeOperator } from '../support/idle.ts';
import { startCentre } from '../support/start-centre.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { WireCall } from '../support/wire.ts';

// Every controller dies or freezes, with calls in each of their stages. Nobody may be cut off, and nobody left alone.
const tones = { caller: 440, operator: 660, agency: 880 };
let centre: Centre;
let controller: ControllerHandle;
let phone: Phone;

beforeAll(async () => {
  centre = await startCentre({
    name: 'controllers',
    operators: 2,
    settings: { operatorRingSeconds: 15, agencyRingSeconds: 15, acceptanceSeconds: 15 },
    // Whatever else the machine does: a controller that lives has the call.
    asteriskEnv: { ASTERISK_CLAIM_MILLISECONDS: '2500' },
  });
  const first = centre.controllers[0];
  const operator = centre.operators[0];
  if (first === undefined || operator === undefined) throw new Error('no controller, or no operator');
  controller = first;
  phone = await centre.registerOperator(operator, answers(), tones.operator);
  centre.phones.push(phone);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.hangUpAll();
  await end(controller);
  await centre.noChannelLeft(12_000);
  controller = await centre.startController({ rank: 0, name: `controller-${centre.controllers.length}` });
  await resumeOperator(centre, 0);
  phone.behave(answers());
}, 60_000);

async function end(handle: ControllerHandle): Promise<void> {
  if (handle.ended !== null) return;
  handle.kill('SIGKILL');
  await handle.exited;
}

/** What may happen to every controller at once. Both times nobody claims anything any more. */
const fates = ['killed', 'frozen'] as const;
/** Returns when it was done: by the clock, and by the time that this machine has really run. */
async function strike(fate: (typeof fates)[number]): Promise<{ at: number; since: () => number }> {
  const awake = awakeMilliseconds();
  const when = { at: Date.now(), since: () => awakeMilliseconds() - awake };
  if (fate === 'frozen') controller.kill('SIGSTOP');
  else await end(controller);
  return when;
}

/** The guardian has noticed, and has looked at every channel since. */
async function noticed(): Promise<void> {
  const globals = (): Promise<string> => centre.cli('dialplan show globals');
  await until('the guardian has noticed', async () => (await globals()).includes('SIAGA_UNCONTROLLED=1'), 6_000);
}

const free = (): Promise<void> => centre.api.operatorIs(centre.operators[0]?.id ?? '', 'available', 15_000);

const lineCaller = (): Promise<LineCaller> => centre.dialLine(tones.caller);

/** A citizen waits while the operator's phone rings. */
async function ringing(): Promise<{ caller: LineCaller; operator: Call }> {
  phone.behave(rings());
  await free();
  const coming = centre.upcoming(phone);
  const caller = await lineCaller();
  const operator = await coming;
  await operator.waitFor('ringing');
  return { caller, operator };
}

/** A citizen and the operator talk; each hears the other. */
async function conversation(): Promise<{ caller: LineCaller; operator: Call; incidentId: string }> {
  await free();
  const coming = centre.upcoming(phone);
  const caller = await lineCaller();
  const operator = await coming;
  const call = await centre.api.taken(caller.wire);
  await until('he hears the operator', () => caller.secondsOf(tones.operator) > 0.3);
  return { caller, operator, incidentId: call.incidentId };
}

describe.each(fates)('every controller is %s', (fate) => {
  test("a caller who waits is on an operator's phone within five seconds", async () => {
    await free();
    const id = centre.operators[0]?.id ?? '';
    await centre.api.ask('POST', `/v1/operators/${id}/state`, { body: { state: 'paused', reason: 'shift' } });
    const caller = await lineCaller();
    expect((await centre.api.taken(caller.wire)).stage).toBe('waiting');
    const coming = centre.upcoming(phone);
    const struck = await strike(fate);
    const operator = await coming;
    expect(struck.since()).toBeLessThan(5_000);
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5);
    expect(caller.ended).toBe(false);
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
  }, 60_000);

  test('two who talk notice nothing; when the operator hangs up, the call is over', async () => {
    const { caller, operator } = await conversation();
    const struck = await strike(fate);
    await noticed();
    await until('they have talked on for seconds', () => caller.secondsOf(tones.operator, struck.at) > 4, 8_000);
    expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
    expect([caller.ended, operator.ended]).toEqual([false, false]);
    expect(phone.calls.at(-1)).toBe(operator);
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
  }, 60_000);

  test('when the caller hangs up, his operator is freed', async () => {
    const { caller, operator } = await conversation();
    await strike(fate);
    await caller.hangUp();
    // Found within five seconds, and told that the caller has gone.
    await operator.waitFor('ended', { within: 9_000 });
  }, 60_000);

  test('a phone that rang is not cut off when it is answered', async () => {
    const { caller, operator } = await ringing();
    await strike(fate);
    await noticed();
    await operator.answer();
    await operator.play();
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5, 8_000);
    expect(operator.ended).toBe(false);
    await caller.hangUp();
    await operator.waitFor('ended', { within: 8_000 });
  }, 60_000);

  test('a phone that is answered in that moment gets its caller', async () => {
    const { caller, operator } = await ringing();
    await strike(fate);
    await operator.answer();
    await operator.play();
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5, 8_000);
    await operator.hangUp();
  }, 60_000);

  test.each(['ringing', 'announced to'])(
    'an agency that was being %s is joined to the call',
    async (stage) => {
      const { caller, operator, incidentId } = await conversation();
      const agencyPhone = await centre.trunk('damkar-1', stage === 'ringing' ? rings() : answers(), tones.agency);
      const coming = centre.upcoming(agencyPhone);
      await classify(incidentId);
      const agency = await coming;
      await agency.waitFor(stage === 'ringing' ? 'ringing' : 'answered');
      const struck = await strike(fate);
      if (stage === 'ringing') {
        await noticed();
        await agency.answer();
        await agency.play();
      }
      await until('the caller hears both', () => caller.secondsOf(tones.agency, struck.at) > 0.5, 8_000);
      expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
      // The operator goes, and the two others have each other.
      await operator.hangUp();
      const left = Date.now();
      await until('the agency is heard on', () => caller.secondsOf(tones.agency, left) > 1.5, 8_000);
      expect(caller.ended).toBe(false);
      await agency.hangUp();
      await until('the caller is hung up', () => caller.ended);
    },
    60_000,
  );

  test('three who talk go on, and two of them when one has gone', async () => {
    const { caller, operator, incidentId } = await conversation();
    const agencyPhone = await centre.trunk('damkar-1', answers({ digits: [{ digit: '1', after: 300 }] }), tones.agency);
    const coming = centre.upcoming(agencyPhone);
    await classify(incidentId);
    const agency = await coming;
    await until('the caller hears the agency', () => caller.secondsOf(tones.agency) > 0.3, 10_000);
    const struck = await strike(fate);
    await noticed();
    await until('they have talked on', () => caller.secondsOf(tones.agency, struck.at) > 3.5, 8_000);
    expect(caller.missed(tones.agency, struck.at)).toBeLessThan(200);
    await operator.hangUp();
    const left = Date.now();
    await until('the agency is heard on', () => caller.secondsOf(tones.agency, left) > 3.5, 8_000);
    expect([caller.ended, agency.ended]).toEqual([false, false]);
    await caller.hangUp();
    await agency.waitFor('ended', { within: 9_000 });
  }, 60_000);
});

describe('a controller that starts afterwards', () => {
  const restart = async (): Promise<void> => {
    await end(controller);
    controller = await centre.startController({ rank: 0, name: `controller-${centre.controllers.length}` });
  };

  test('frees the operator whose caller has gone, and keeps one record of the call', async () => {
    const { caller, operator } = await conversation();
    await restart();
    await caller.hangUp();
    await operator.waitFor('ended', { within: 12_000 });
    const record = await centre.api.recordOf(caller.wire.callId);
    expect(record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
    expect(record.endedAt).not.toBeNull();
    expect((await centre.api.alarms('controller-dead')).length).toBeGreaterThan(0);
    // Nothing of the dead is left in Asterisk, but for a name that goes with the next call.
    const held = z.object({ name: z.string(), channel_ids: z.array(z.string()), endpoint_ids: z.array(z.string()) });
    const nothingHeld = async (): Promise<boolean> => {
      const applications = z.array(held).parse((await centre.ari('GET', 'applications')).body);
      return applications.every((one) => one.channel_ids.length + one.endpoint_ids.length === 0);
    };
    await until('the dead hold nothing', nothingHeld);
  }, 60_000);

  test('rings for a caller whose operator was lost', async () => {
    const { caller, operator } = await conversation();
    await strike('killed');
    await noticed();
    await restart();
    await until(
      'the guardian is content',
      async () => (await centre.cli('dialplan show globals')).includes('SIAGA_UNCONTROLLED=0'),
      6_000,
    );
    const coming = centre.upcoming(phone, 15_000);
    await operator.hangUp();
    const again = await coming;
    await again.waitFor('answered');
    const call = await centre.api.taken(caller.wire);
    await until('they talk', async () => (await centre.api.call(call.id)).stage === 'talking');
    expect(caller.ended).toBe(false);
    await caller.hangUp();
    expect(await centre.api.recordOf(caller.wire.callId)).toMatchObject({ outcome: 'answered' });
  }, 60_000);

  test('leaves the registration of a phone as it is: it rings once, and is away when it has gone', async () => {
    const [, second] = centre.operators;
    if (second === undefined) throw new Error('two operators');
    const other = await centre.registerOperator(second, rings());
    centre.phones.push(other);
    await centre.api.operatorIs(second.id, 'available');
    const endpoint = `asterisk/config/dynamic/res_pjsip/endpoint/${second.username}`;
    await centre.ari('PUT', endpoint, { fields: [{ attribute: 'rtp_timeout', value: '77' }] });
    await restart();
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
    const { caller } = await ringing();
    phone.behave(answers());
    const again = centre.upcoming(phone, 20_000);
    await restart();
    await (await again).waitFor('answered');
    await until('the caller hears the operator', () => caller.secondsOf(tones.operator) > 0.5);
    await caller.hangUp();
    expect((await centre.api.recordOf(caller.wire.callId)).outcome).toMatch(/^(answered|human-path)$/);
  }, 60_000);
});

describe('of two controllers', () => {
  let standby: ControllerHandle;
  beforeEach(async () => {
    standby = await centre.startController({ rank: 1, name: `standby-${centre.controllers.length}` });
  });
  afterEach(() => end(standby));

  test('the standby takes who waited with a leader that froze', async () => {
    const { caller } = await ringing();
    phone.behave(answers());
    const again = centre.upcoming(phone, 20_000);
    const struck = await strike('frozen');
    await again;
    expect(struck.since()).toBeLessThan(12_000);
    await until('the caller hears the operator', () => caller.secondsOf(tones.operator) > 0.5);
    await caller.hangUp();
  }, 60_000);

  test('the standby hears of refused INVITEs once the leader is dead', async () => {
    await end(controller);
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
    const { caller } = await conversation();
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

test('the guardian, hung up with everything else, is there again and says so', async () => {
  await free();
  await centre.cli('channel request hangup all');
  const guardians = async (): Promise<number> =>
    (await centre.cli('core show channels concise')).split('\n').filter((line) => line.includes('@guardian')).length;
  await until('one guardian is there', async () => (await guardians()) === 2, 4_000);
});

test('fifty callers who wait when every controller dies are all in the dialplan within five seconds', async () => {
  const id = centre.operators[0]?.id ?? '';
  await free();
  await centre.api.ask('POST', `/v1/operators/${id}/state`, { body: { state: 'paused', reason: 'shift' } });
  phone.behave(rings());
  const callers = await Promise.all(Array.from({ length: 50 }, () => lineCaller()));
  const waiting = z.object({ items: z.array(z.object({ stage: z.string() })) });
  await until('all of them wait', async () => {
    const { items } = await centre.api.get('/v1/calls?live=true&limit=200', waiting);
    return items.filter(({ stage }) => stage === 'waiting').length === 50;
  });
  const struck = await strike('killed');
  const inDialplan = async (): Promise<number> => {
    const lines = (await centre.cli('core show channels concise')).split('\n');
    return lines.filter((line) => /^PJSIP\/carrier-[^!]*!(human-path|ask|free-operators)!/.test(line)).length;
  };
  await until('all of them are in the dialplan', async () => (await inDialplan()) === 50, 5_000);
  expect(struck.since()).toBeLessThan(5_000);
  expect(callers.filter(({ ended }) => ended)).toEqual([]);
  await Promise.all(callers.map((caller) => caller.hangUp()));
}, 60_000);

const classify = (incidentId: string) =>
  centre.api.edit(`/v1/incidents/${incidentId}`, { kind: 'fire', severity: 'moderate' });
