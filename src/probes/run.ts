import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import { mediaOf } from '../asterisk/leg-commands.ts';
import { readPacketsReceived, type AsteriskEvent } from '../asterisk/translate.ts';
import { pause, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { failureOf, newProgress, type ProbeFailure, type ProbeProgress } from './probe.ts';

export interface Prober {
  /** Takes what happens to a made-up call; true for those of others as well, which nobody else is to take. */
  readonly take: (event: AsteriskEvent) => boolean;
  readonly owns: (channelId: string) => boolean;
  /** One call through a carrier's way, from the INVITE to the hang-up. Never rejects for what Asterisk answers. */
  readonly probe: (carrier: string, way: ProbeWay) => Promise<{ failure: ProbeFailure | null; milliseconds: number }>;
}

/** What Asterisk was rendered with. */
export interface ProbeWay {
  /** Its own SIP address and port. */
  readonly at: string;
  readonly secret: string;
}

interface UnderWay {
  readonly id: string;
  readonly citizen: string;
  /** The channel that came in by the carrier's way. */
  caller: string | null;
  readonly progress: ProbeProgress;
}

/** All in milliseconds. A real caller would wait longer; what takes so long is to be looked at. */
const answerWithin = 5_000;
const audioWithin = 3_000;
const lookEvery = 100;
/** Words about channels of one that is over may come late. */
const remembered = 20;

const value = z.object({ value: z.string() });

/** Makes calls to ourselves. One at a time: a second one waits for nobody and is refused by its maker. */
export function createProber(deps: { application: string; ari: AriCommands; clock: Clock; logger: Logger }): Prober {
  const { ari, clock, logger, application } = deps;
  let current: UnderWay | null = null;
  const known: string[] = [];

  const remember = (channelId: string): void => {
    known.push(channelId);
    if (known.length > remembered) known.shift();
  };

  const claim = async (probe: UnderWay, channelId: string): Promise<void> => {
    const answer = await ari.send('POST', '/events/claim', { channelId, application });
    if (!answer.ok) logger.warn({ probe: probe.id, reason: answer.reason }, 'a made-up call could not be claimed');
  };

  const entered = async (channelId: string): Promise<void> => {
    const probe = current;
    if (probe !== null && channelId === probe.citizen) probe.progress.answered = true;
    else if (probe !== null && channelId === probe.caller) {
      probe.progress.claimed = true;
      await ari.send('POST', `/channels/${channelId}/answer`);
    } else await hangUp(channelId);
  };

  const hangUp = async (channelId: string): Promise<void> => {
    const answer = await ari.send('DELETE', `/channels/${channelId}`);
    // Should it stay, the dialplan's limit ends it.
    if (!answer.ok && answer.failure !== 'gone')
      logger.warn({ channelId, reason: answer.reason }, 'a made-up call could not be hung up');
  };

  const until = async (done: () => boolean, within: number, look: () => Promise<void> = () => Promise.resolve()) => {
    const end = clock.monotonic() + within;
    while (!done() && clock.monotonic() < end) {
      await look();
      if (!done()) await pause(clock, lookEvery);
    }
  };

  const received = async (channelId: string): Promise<number> => {
    const answer = await ari.send('GET', `/channels/${channelId}/rtp_statistics`);
    return answer.ok ? (readPacketsReceived(answer.body) ?? 0) : 0;
  };

  const speak = async (channelId: string): Promise<void> => {
    const media = mediaOf(['please-wait']);
    const answer = await ari.send('POST', `/channels/${channelId}/play/${channelId}.said`, { media });
    if (!answer.ok) logger.warn({ channelId, reason: answer.reason }, 'nothing can be said in a made-up call');
  };

  const name = async (id: string): Promise<boolean> =>
    (await ari.send('POST', '/asterisk/variable', { variable: 'SIAGA_PROBE', value: id })).ok;

  const send = async ({ id, citizen }: UnderWay, carrier: string, { at, secret }: ProbeWay): Promise<boolean> => {
    const answer = await ari.send(
      'POST',
      `/channels/${citizen}`,
      {
        endpoint: `PJSIP/probe/sip:112@${at}`,
        context: 'probe',
        extension: 'citizen',
        priority: 1,
        callerId: '"probe" <0>',
        timeout: Math.ceil(answerWithin / 1_000),
      },
      {
        variables: {
          SIAGA_APPLICATION: application,
          SIAGA_CALL: id,
          SIAGA_ROLE: 'probe',
          'PJSIP_HEADER(add,X-Siaga-Probe)': `${secret}-${carrier}`,
          'PJSIP_HEADER(add,X-Siaga-Probe-Id)': id,
        },
      },
    );
    return answer.ok;
  };

  const converse = async (probe: UnderWay, carrier: string, way: ProbeWay): Promise<void> => {
    const { progress, citizen } = probe;
    if (!(await name(probe.id))) return;
    progress.sent = await send(probe, carrier, way);
    if (!progress.sent) return;
    await until(() => progress.answered && progress.claimed, answerWithin);
    const { caller } = probe;
    if (!progress.answered || caller === null) return;
    await Promise.all([speak(citizen), speak(caller)]);
    await until(
      () => progress.heardByCitizen > 0 && progress.heardOfCitizen > 0,
      audioWithin,
      async () => {
        [progress.heardByCitizen, progress.heardOfCitizen] = await Promise.all([received(citizen), received(caller)]);
      },
    );
  };

  return {
    take(event) {
      if (event.type === 'broadcast') {
        const { id, variables } = event.channel;
        if (variables['SIAGA_ROLE'] !== 'probe') return false;
        if (current === null || variables['SIAGA_CALL'] !== current.id) return true;
        current.caller = id;
        current.progress.offered = true;
        remember(id);
        void claim(current, id);
        return true;
      }
      if (event.type === 'entered') {
        if (event.arguments[0] !== 'probe') return false;
        void entered(event.channel.id);
        return true;
      }
      if (event.type === 'sound-ended') return known.some((id) => event.soundId === `${id}.said`);
      return 'channelId' in event && known.includes(event.channelId);
    },
    owns: (channelId) => known.includes(channelId),
    async probe(carrier, way) {
      const began = clock.monotonic();
      const id = randomBytes(16).toString('hex');
      const probe: UnderWay = { id, citizen: `probe-${id}`, caller: null, progress: newProgress() };
      remember(probe.citizen);
      current = probe;
      try {
        await converse(probe, carrier, way);
      } finally {
        const failure = failureOf(probe.progress);
        logger.debug({ carrier, failure, ...probe.progress }, 'a made-up call has ended');
        current = null;
        await Promise.all([probe.citizen, ...(probe.caller === null ? [] : [probe.caller])].map(hangUp));
        await name('');
      }
      return { failure: failureOf(probe.progress), milliseconds: Math.round(clock.monotonic() - began) };
    },
  };
}

/** Where and by what secret Asterisk can be called by itself; null: it was rendered by an older version, or does not answer. */
export async function readWay(ari: AriCommands): Promise<ProbeWay | null> {
  const [at, secret] = await Promise.all(
    ['SIAGA_PROBE_AT', 'SIAGA_PROBE_SECRET'].map(async (variable) => {
      const answer = await ari.send('GET', '/asterisk/variable', { variable });
      return answer.ok ? (value.safeParse(answer.body).data?.value ?? '') : '';
    }),
  );
  return at === undefined || secret === undefined || at === '' || secret === '' ? null : { at, secret };
}

const endpoint = z.object({ resource: z.string() });

/** The carriers that Asterisk knows, by name; null: it does not answer. */
export async function readCarriers(ari: AriCommands): Promise<string[] | null> {
  const answer = await ari.send('GET', '/endpoints/PJSIP');
  if (!answer.ok) return null;
  const list = z.array(z.unknown()).safeParse(answer.body);
  const names = (list.success ? list.data : []).flatMap((one) => endpoint.safeParse(one).data?.resource ?? []);
  return names.flatMap((name) => /^carrier-(.+)$/.exec(name)?.[1] ?? []).sort();
}

const application = z.object({ name: z.string() });

/** The names of the applications that are connected; null: Asterisk does not answer. */
export async function readApplications(ari: AriCommands): Promise<string[] | null> {
  const answer = await ari.send('GET', '/applications');
  if (!answer.ok) return null;
  return z
    .array(application)
    .parse(answer.body)
    .map((one) => one.name);
}
