import { z } from 'zod';
import { answers, rings } from '../../scripts/sip/phone.mjs';
import type { Centre } from '../support/centre.ts';
import { FaultCentre, fates, tones } from '../support/fault-centre.ts';
import { pauseOperator } from '../support/idle.ts';
import { until } from '../support/rest.ts';

// Every controller dies or freezes, with calls in each of their stages. Nobody may be cut off, and nobody left alone.
let faults: FaultCentre;
let centre: Centre;

beforeAll(async () => {
  faults = await FaultCentre.start('controllers');
  ({ centre } = faults);
}, 60_000);
afterAll(() => faults.centre.stop(), 30_000);
afterEach(() => faults.renew(), 60_000);

describe.each(fates)('every controller is %s', (fate) => {
  test("a caller who waits is on an operator's phone within five seconds", async () => {
    await faults.free();
    await pauseOperator(centre, 0);
    const caller = await faults.lineCaller();
    expect((await centre.api.taken(caller.wire)).stage).toBe('waiting');
    const coming = centre.upcoming(faults.phone);
    const struck = await faults.strike(fate);
    const operator = await coming;
    expect(struck.since()).toBeLessThan(5_000);
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5);
    expect(caller.ended).toBe(false);
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
  }, 60_000);

  test('two who talk notice nothing; when the operator hangs up, the call is over', async () => {
    const { caller, operator } = await faults.conversation();
    const struck = await faults.strike(fate);
    await faults.noticed();
    await until('they have talked on for seconds', () => caller.secondsOf(tones.operator, struck.at) > 4, 8_000);
    expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
    expect([caller.ended, operator.ended]).toEqual([false, false]);
    expect(faults.phone.calls.at(-1)).toBe(operator);
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
  }, 60_000);

  test('when the caller hangs up, his operator is freed', async () => {
    const { caller, operator } = await faults.conversation();
    await faults.strike(fate);
    await caller.hangUp();
    // Found within five seconds, and told that the caller has gone.
    await operator.waitFor('ended', { within: 9_000 });
  }, 60_000);

  test('a phone that rang is not cut off when it is answered', async () => {
    const { caller, operator } = await faults.ringing();
    await faults.strike(fate);
    await faults.noticed();
    await operator.answer();
    await operator.play();
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5, 8_000);
    expect(operator.ended).toBe(false);
    await caller.hangUp();
    await operator.waitFor('ended', { within: 8_000 });
  }, 60_000);

  test('a phone that is answered in that moment gets its caller', async () => {
    const { caller, operator } = await faults.ringing();
    await faults.strike(fate);
    await operator.answer();
    await operator.play();
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5, 8_000);
    await operator.hangUp();
  }, 60_000);

  test.each(['ringing', 'announced to'])(
    'an agency that was being %s is joined to the call',
    async (stage) => {
      const { caller, operator, incidentId } = await faults.conversation();
      const agencyPhone = await centre.trunk('damkar-1', stage === 'ringing' ? rings() : answers(), tones.agency);
      const coming = centre.upcoming(agencyPhone);
      await classify(incidentId);
      const agency = await coming;
      await agency.waitFor(stage === 'ringing' ? 'ringing' : 'answered');
      const struck = await faults.strike(fate);
      if (stage === 'ringing') {
        await faults.noticed();
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
    const { caller, operator, incidentId } = await faults.conversation();
    const agencyPhone = await centre.trunk('damkar-1', answers({ digits: [{ digit: '1', after: 300 }] }), tones.agency);
    const coming = centre.upcoming(agencyPhone);
    await classify(incidentId);
    const agency = await coming;
    await until('the caller hears the agency', () => caller.secondsOf(tones.agency) > 0.3, 10_000);
    const struck = await faults.strike(fate);
    await faults.noticed();
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

test('the guardian, hung up with everything else, is there again and says so', async () => {
  await faults.free();
  await centre.cli('channel request hangup all');
  const guardians = async (): Promise<number> =>
    (await centre.cli('core show channels concise')).split('\n').filter((line) => line.includes('@guardian')).length;
  await until('one guardian is there', async () => (await guardians()) === 2, 4_000);
});

test('fifty callers who wait when every controller dies are all in the dialplan within five seconds', async () => {
  await faults.free();
  await pauseOperator(centre, 0);
  faults.phone.behave(rings());
  const callers = await Promise.all(Array.from({ length: 50 }, () => faults.lineCaller()));
  const waiting = z.object({ items: z.array(z.object({ stage: z.string() })) });
  await until('all of them wait', async () => {
    const { items } = await centre.api.get('/v1/calls?live=true&limit=200', waiting);
    return items.filter(({ stage }) => stage === 'waiting').length === 50;
  });
  const struck = await faults.strike('killed');
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
