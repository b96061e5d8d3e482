import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { accepts, answers, type Call } from '../../scripts/sip/phone.mjs';
import { readWav, SAMPLE_RATE } from '../../scripts/sip/tones.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { announcement } from '../../src/dispatch/announcement.ts';
import { incidentNumber } from '../../src/incidents/incident-number.ts';
import type { Centre } from '../support/centre.ts';
import { promptLength, samplesHaveEnd, samplesHavePrompt } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'announcement', operators: 1, settings: { acceptanceSeconds: 60 } });
  await centre.operatorPhones(answers(), [660]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

/** A caller with his operator, of whom this is known. */
async function talk(known: object | null): Promise<CallView> {
  const citizen = await centre.dial({ tone: 440 });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  // Of a kind that no rule of the city sends the agency to, which is asked for by name.
  if (known !== null) await centre.api.edit(`/v1/incidents/${call.incidentId}`, known);
  return call;
}

/** Engages the fire brigade. Its phone answers; what comes then is the test's. */
async function engage(call: CallView): Promise<{ dispatchId: string; rung: Call; heard: string }> {
  const phone = await centre.trunk('damkar-1', answers());
  const upcoming = centre.upcoming(phone);
  const path = `/v1/incidents/${call.incidentId}/dispatches`;
  const answer = await centre.api.ask('POST', path, { body: { agencyId: 'damkar' } });
  expect(answer.status).toBe(202);
  const dispatchId = z.string().parse(answer.at('id'));
  const rung = await upcoming;
  await centre.feed.waitFor('dispatch.announced', { detail: { dispatchId } });
  return { dispatchId, rung, heard: centre.recording(`${dispatchId}.a1`, 'heard') };
}

/** Waits until so much was recorded: to look for words all the while would take the time from those who play them. */
const recorded = (file: string, samples: number): Promise<void> =>
  until(`${samples} samples are heard`, () => existsSync(file) && statSync(file).size >= 44 + samples * 2, 40_000);

const said = (samples: Int16Array, prompt: string): boolean =>
  samplesHavePrompt(samples, prompt) && samplesHaveEnd(samples, prompt);

/**
 * Those of an announcement's prompts that were not heard from a sample on, the first time or, should a machine with much to do
 * have swallowed a word, the second; and what was heard.
 */
async function notHeard(file: string, from: number, prompts: readonly string[]) {
  const length = prompts.reduce<number>((sum, prompt) => sum + promptLength(prompt), SAMPLE_RATE);
  let missing = [...prompts];
  let samples: Int16Array = new Int16Array();
  for (let round = 1; round <= 2 && missing.length > 0; round += 1) {
    await recorded(file, from + round * length);
    samples = readWav(file).subarray(from);
    missing = missing.filter((prompt) => !said(samples, prompt));
  }
  return { missing, samples };
}

test('an agency hears kind, district and number; 2 says it again; 1 brings it into the call', async () => {
  const call = await talk({ kind: 'information', district: 'Payung Sekaki' });
  const number = incidentNumber(call.incidentId);
  expect(await centre.api.incident(call.incidentId)).toMatchObject({ number });
  expect(call.incidentNumber).toBe(number);
  const { dispatchId, rung, heard } = await engage(call);
  await recorded(heard, SAMPLE_RATE * 3);

  // What has been found out meanwhile is in the next.
  await centre.api.edit(`/v1/incidents/${call.incidentId}`, { kind: 'animal-rescue' });
  const before = readWav(heard);
  expect(samplesHavePrompt(before, 'announcement-intro')).toBe(true);
  await rung.press('2');
  await centre.feed.waitFor('dispatch.announced-again', { detail: { dispatchId } });
  const known = { kind: 'animal-rescue', district: 'Payung Sekaki', incidentNumber: number };
  const whole = announcement({ ...known, drill: false, listens: false });
  expect(whole).toHaveLength(11);
  const again = await notHeard(heard, before.length, whole);
  expect(again.missing).toEqual([]);
  // And nothing else: not another kind or place, nor a digit that is not in it.
  const digits = Array.from('0123456789', (digit) => `digit-${digit}`).filter((digit) => !whole.includes(digit));
  const others = ['kind-fire', 'district-sail', 'drill', ...digits];
  expect(others.filter((prompt) => said(again.samples, prompt))).toEqual([]);

  await rung.press('1');
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  expect((await centre.api.dispatch(dispatchId)).attempts).toHaveLength(1);
}, 90_000);

test('a place that nobody has spoken is left out, and all the rest is said', async () => {
  const call = await talk({ kind: 'information', district: 'Desa Jauh' });
  const { dispatchId, rung, heard } = await engage(call);
  const known = { kind: null, district: null, incidentNumber: incidentNumber(call.incidentId) };
  const rest = announcement({ ...known, drill: false, listens: false });
  expect((await notHeard(heard, 0, rest)).missing).toEqual([]);
  // Asterisk was not even asked for it: it would have warned.
  const log = await readFile(join(centre.asterisk.runDirectory, 'log/messages.log'), 'utf8');
  expect(log).not.toContain('district-desa-jauh');
  await rung.press('9');
  await centre.feed.waitFor('dispatch.attempt-failed', { detail: { dispatchId, reason: 'declined' } });
}, 90_000);

test('the INVITE names number and kind, and who calls; of a confidential incident not the kind', async () => {
  const headers = async (known: object | null): Promise<(string | undefined)[]> => {
    const call = await talk(known);
    const phone = await centre.trunk('damkar-1', accepts({ pressAfter: 200 }));
    const upcoming = centre.upcoming(phone);
    const path = `/v1/incidents/${call.incidentId}/dispatches`;
    const engaged = await centre.api.ask('POST', path, { body: { agencyId: 'damkar' } });
    expect(engaged.status).toBe(202);
    const rung = await upcoming;
    expect(rung.header('X-Siaga-Incident-Number')).toBe(incidentNumber(call.incidentId));
    expect(rung.header('P-Asserted-Identity')).toContain(`sip:${call.callerNumber}@`);
    expect(rung.from.user).toBe(call.callerNumber);
    await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId: String(engaged.at('id')) } });
    const kind = rung.header('X-Siaga-Kind');
    await centre.clear();
    return [kind];
  };
  expect(await headers({ kind: 'information' })).toEqual(['information']);
  expect(await headers({ kind: 'domestic-violence' })).toEqual([undefined]);
  expect(await headers(null)).toEqual([undefined]);
}, 60_000);
