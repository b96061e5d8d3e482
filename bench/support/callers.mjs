// Callers at a rate, and how long each waited until an operator's phone rang for him. Ours and the peers' alike.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { asteriskCli, waitUntil } from '../../scripts/runtime.mjs';
import { startCrowd } from '../../scripts/sip/phone.mjs';

let crowds = 0;

/** Waits until nothing of an earlier measurement is left in an Asterisk: the next one would pay for it. */
export async function settled({ name, asterisk }) {
  const channels = async () =>
    Number(/^(\d+) active channel/m.exec(await asteriskCli(asterisk, 'core show channels count'))?.[1]);
  await waitUntil(async () => (await channels()) <= ownChannels, {
    what: `have the calls of ${name} end`,
    limitSeconds: 60,
    everyMilliseconds: 250,
  });
}

/** The guardian's two halves; a peer has none. */
const ownChannels = 2;

/**
 * `rate` calls a second for `seconds`, each held for `holdFor` milliseconds from its answer. Resolves, when all are over, with
 * `{ offered, waits, unanswered, unrung, seconds }`: `waits` in milliseconds, INVITE sent by the caller to INVITE at the phone
 * (both clocks are this machine's, noted by SIPp); `unrung` had no phone ring within the second after it came.
 */
export async function call({ at, tools, folder, rate, seconds, holdFor = 1_500, limit = 1_000, headers = [] }) {
  crowds += 1;
  const prefix = `08${String(crowds).padStart(4, '0')}00`;
  const offered = Math.round(rate * seconds);
  const crowd = await startCrowd({
    sipp: tools.sipp,
    server: at.server,
    calls: offered,
    rate,
    holdFor,
    from: prefix,
    headers,
    logs: true,
    folder,
  });
  const end = await crowd.finished;
  await settled(at);
  const came = invites(crowd.folder, prefix);
  const rang = invites(at.phones.folder, prefix);
  const waits = [...came].flatMap(([caller, sent]) => (rang.has(caller) ? [rang.get(caller) - sent] : []));
  return {
    offered,
    waits,
    unanswered: offered - end.answer.count,
    failed: offered - end.successful,
    late: offered - waits.filter((wait) => wait <= limit).length,
    retransmissions: end.retransmissions,
    answer: end.answer,
    complaints: end.complaints,
  };
}

/**
 * When (epoch milliseconds, with fraction) each number's first INVITE was noted, as a Map; with `all`, every one, as a list of
 * pairs in the order of time.
 */
export function invites(folder, prefix, { all = false } = {}) {
  const noted = readFileSync(path.join(folder, 'invites.log'), 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, what, number]) => what === 'invite' && number.startsWith(prefix))
    .map(([time, , number]) => [number, milliseconds(time)]);
  return all ? noted : new Map([...noted].reverse());
}

/** Date.parse leaves out what is finer than a millisecond. */
function milliseconds(time) {
  const [, whole, fraction] = /^(.*)(\.\d+)Z$/.exec(time) ?? [];
  return Date.parse(`${whole}Z`) + Number(fraction) * 1000;
}
