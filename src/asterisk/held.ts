import { z } from 'zod';
import type { AriCommands } from './commands.ts';
import { readChannels, type AsteriskChannel } from './translate.ts';

const application = z
  .object({ name: z.string(), channel_ids: z.array(z.string()), endpoint_ids: z.array(z.string()) })
  .transform((raw) => ({ name: raw.name, channelIds: raw.channel_ids, endpointIds: raw.endpoint_ids }));
const bridge = z.object({ id: z.string(), name: z.string(), channels: z.array(z.string()) });

/** An application that Asterisk knows, with what it is subscribed to. */
export type HeldApplication = z.output<typeof application>;

/** What Asterisk holds. */
export interface Held {
  readonly applications: readonly HeldApplication[];
  readonly channels: readonly AsteriskChannel[];
  /** A call's bridge has the call's id for its name. */
  readonly bridges: readonly z.output<typeof bridge>[];
  /** When Asterisk started; see `readStart`. */
  readonly startedAt: number | null;
}

const status = z.object({ status: z.object({ startup_time: z.string().transform((text) => Date.parse(text)) }) });

/** When Asterisk started, in epoch milliseconds: whatever is older ended with the one before. Null: it does not say. */
export async function readStart(ari: AriCommands): Promise<number | null> {
  const answer = await ari.send('GET', '/asterisk/info', { only: 'status' });
  const at = status.safeParse(answer.ok ? answer.body : null).data?.status.startup_time ?? NaN;
  return Number.isNaN(at) ? null : at;
}

/** Null when Asterisk does not answer in time. */
export async function listApplications(ari: AriCommands): Promise<HeldApplication[] | null> {
  const answer = await ari.send('GET', '/applications');
  return answer.ok ? z.array(application).parse(answer.body) : null;
}

/**
 * Lists what Asterisk holds; null when it does not answer in time. In this order: a bridge is made after its caller's channel, and
 * a channel that has left an application meanwhile is in the dialplan or with another one.
 */
export async function listHeld(ari: AriCommands): Promise<Held | null> {
  const starting = readStart(ari);
  const bridges = await ari.send('GET', '/bridges');
  const channels = await ari.send('GET', '/channels');
  const applications = await listApplications(ari);
  const startedAt = await starting;
  if (!bridges.ok || !channels.ok || applications === null) return null;
  return {
    applications,
    channels: readChannels(channels.body),
    bridges: z.array(bridge).parse(bridges.body),
    startedAt,
  };
}
