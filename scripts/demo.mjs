// npm run demo: one real 112 call from beginning to end on this machine, and the proof that everybody heard everybody.
//   --city NAME    pekanbaru (default), pasuruan or kendari
//   --json         the result as one JSON object on the last line
//   --keep         leave everything running until Ctrl-C
import path from 'node:path';
import { parseArgs } from 'node:util';
import { followEvents } from './demo/events.mjs';
import { cellOf, sendAml } from './demo/location.mjs';
import { phonesOf, tones } from './demo/phones.mjs';
import { heardBy, rtpOf } from './demo/proof.mjs';
import { whenOrphaned } from './runtime/orphaned.mjs';
import { explain, say, StepError } from './runtime/progress.mjs';
import { runtimeDirectory } from './runtime/settings.mjs';
import { startStack, writeDescription } from './runtime/stack.mjs';
import { waitUntil } from './runtime/wait.mjs';

const { values: flags } = parseArgs({
  options: { city: { type: 'string' }, json: { type: 'boolean' }, keep: { type: 'boolean' } },
});
const talkSeconds = 4;
const within = 20_000;

let stack;
let phones;
let events;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(130));
whenOrphaned(() => void stop(130));

try {
  const result = await play();
  report(result);
  if (flags.keep) await keep();
  await stop(result.proven ? 0 : 1, result);
} catch (error) {
  const code = explain(error);
  await stop(code === 0 ? 1 : code);
}

async function play() {
  const city = flags.city || process.env.SIAGA_CITY || 'pekanbaru';
  // Each city has its own database: what was stored of the first one would stay.
  const directory = path.join(runtimeDirectory(), `demo-${city}`);
  stack = await startStack({ directory, city });
  writeDescription(stack);
  const { description, api } = stack;
  events = await followEvents(description.http, description.tokens.admin);

  const number = '+6281234567890';
  const cell = cellOf(stack.city);
  phones = await phonesOf(stack, { number, accessNetwork: cell.accessNetwork });
  await waitUntil(() => operatorIsFree(api, phones.operatorId), {
    what: "have the operator's phone registered and free",
    limitSeconds: 15,
  });

  say('');
  events.print(say);
  const citizen = await phones.dial();
  const operator = await phones.operator.waitForCall({ within });
  await citizen.waitFor('answered', { within });
  const talking = await events.waitFor('operator.talking', within);
  const { callId, incidentId } = talking;
  const popped = await events.waitFor('screen.pop', within);

  // His phone has found itself by satellite, and says so by itself: 14 m instead of the whole cell.
  const phone = { number, latitude: cell.latitude + 0.002, longitude: cell.longitude - 0.001, accuracy: 14 };
  await sendAml(description.aml, phone);
  await events.waitFor('screen.updated', within);

  // The operator has understood: a fire. The rules do the rest.
  const incident = await api('GET', `/v1/incidents/${incidentId}`, { expect: [200] });
  const classified = await api('PATCH', `/v1/incidents/${incidentId}`, {
    headers: { 'if-match': incident.headers.get('etag') },
    body: { kind: 'fire', severity: 'moderate' },
    expect: [200],
  });
  const requested = await events.waitFor('dispatch.requested', within);
  const agency = await phones.agency.waitForCall({ within });
  const joined = await events.waitFor('dispatch.joined', within);
  const dispatchId = classified.body.dispatchIds[0];
  say(`\nAll three are on the line; they talk for ${talkSeconds} s.`);
  await agency.pause(talkSeconds * 1000);

  const dispatch = (await api('GET', `/v1/dispatches/${dispatchId}`, { expect: [200] })).body;
  const call = (await api('GET', `/v1/calls/${callId}`, { expect: [200] })).body;
  const channels = {
    caller: call.channelId,
    operator: `${callId}.o1`,
    agency: `${dispatchId}.a${dispatch.attempts.length}`,
  };
  const rtp = await rtpOf(description.ari, channels);
  await citizen.hangUp();
  await operator.hangUp();
  await events.waitFor('call.ended', within);
  const heard = await heardBy(stack.asterisk.recordingsDirectory, channels, tones);
  await waitUntil(async () => (await api('GET', `/v1/incidents/${incidentId}/timeline`)).body.items.length > 0, {
    what: 'find the incident with its timeline in PostgreSQL',
    limitSeconds: 10,
  });

  const invite = citizen.times.invite;
  return {
    callId,
    incidentId,
    callerNumber: call.callerNumber,
    location: whereabouts(call.bestFix),
    operatorId: phones.operatorId,
    agencyId: dispatch.agencyId,
    attempts: dispatch.attempts.length,
    milliseconds: {
      answer: Math.round(citizen.times.answered - invite),
      screenPop: Math.round(popped.at - invite),
      operatorRinging: Math.round(operator.times.ringing - invite),
      operatorTalking: Math.round(talking.at - invite),
      agencyRinging: Math.round(agency.times.ringing - requested.at),
      agencyJoined: Math.round(joined.at - requested.at),
    },
    heard,
    rtp,
    outcomes: dispatch.attempts.map(({ trunkId, outcome }) => `${trunkId}: ${outcome}`),
    proven:
      call.bestFix?.source === 'aml-https' &&
      call.bestFix.district !== null &&
      everybodyHeard(heard) &&
      Object.values(rtp).every(({ received, sent }) => received > 0 && sent > 0),
  };
}

/** Where the caller was thought to be in the end. */
function whereabouts(bestFix) {
  if (!bestFix) return null;
  const { source, position, radius, district, madeUp, reason } = bestFix;
  return { source, position, radius, district, madeUp, reason };
}

async function operatorIsFree(api, operatorId) {
  const { body } = await api('GET', '/v1/operators', { expect: [200] });
  return body.items.some(({ id, state }) => id === operatorId && state === 'available');
}

/** Everybody heard the two others, and nobody heard himself. */
function everybodyHeard(heard) {
  const all = Object.keys(heard);
  return all.every((who) => all.every((whom) => heard[who].includes(whom) === (who !== whom)));
}

function report(result) {
  const { milliseconds, heard, rtp, outcomes, location } = result;
  say('\nWhere the caller is');
  if (location) {
    const { latitude, longitude } = location.position ?? {};
    say(`  ${location.district ?? 'no district known'}, ${latitude}, ${longitude}, within ${location.radius} m`);
    say(`  ${location.reason}`);
    if (location.madeUp) say('  The districts and towers of the demo are made up.');
  } else say('  Nobody knows.');
  say('\nMilliseconds');
  say(`  INVITE to answer            ${milliseconds.answer}`);
  say(`  INVITE to screen pop        ${milliseconds.screenPop}`);
  say(`  INVITE to operator ringing  ${milliseconds.operatorRinging}`);
  say(`  INVITE to operator talking  ${milliseconds.operatorTalking}`);
  say(`  dispatch to agency ringing  ${milliseconds.agencyRinging}  (${outcomes.join(', ')})`);
  say(`  dispatch to agency joined   ${milliseconds.agencyJoined}`);
  say('\nWho heard whom (from the recording of what was sent to each; RTP packets from and to each)');
  for (const who of Object.keys(heard)) {
    const { received, sent } = rtp[who];
    say(`  ${who.padEnd(9)} heard ${(heard[who].join(' and ') || 'nobody').padEnd(22)} ${received} from, ${sent} to`);
  }
  say(result.proven ? '\nProven: all three heard each other.' : '\nNOT proven: somebody was not heard.');
}

function keep() {
  say(`\nEverything is kept running until Ctrl-C; see ${path.join(stack.directory, 'stack.json')}`);
  return new Promise(() => setInterval(() => undefined, 60_000));
}

async function stop(code, result) {
  if (stopping) return;
  stopping = true;
  events?.close();
  const ends = [phones?.stop(), stack?.stop()];
  for (const { status, reason } of await Promise.allSettled(ends)) {
    if (status === 'rejected') say(`While stopping: ${reason instanceof StepError ? reason.happened : reason}`);
  }
  if (flags.json && result) {
    const { rtp: _rtp, outcomes: _outcomes, proven: _proven, ...json } = result;
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }
  process.exit(code);
}
