import { z } from 'zod';

/** A phone or trunk as ARI's list of endpoints has it. */
interface Endpoint {
  endpoint: string;
  present: boolean;
  channels: string[];
}

const endpoint = z.object({ resource: z.string(), state: z.string(), channel_ids: z.array(z.string()).default([]) });

/** Reads ARI's list of endpoints; one that is odd is left out. */
function readEndpoints(body: unknown): Endpoint[] {
  const list = z.array(z.unknown()).safeParse(body);
  return (list.success ? list.data : []).flatMap((item) => {
    const parsed = endpoint.safeParse(item);
    if (!parsed.success) return [];
    const { resource, state, channel_ids: channels } = parsed.data;
    return [{ endpoint: resource, present: state === 'online', channels }];
  });
}

/** What one look at the endpoints says of a phone. */
interface Seen {
  endpoint: string;
  present: boolean;
  /** It is in a call that this controller has not in hand. */
  inUse: boolean;
}

/**
 * Takes one answer after the other of ARI's list of endpoints. A channel that is not ours counts from the second look
 * on, but for the first look there is: one of ours may have been forgotten while the answer was on its way.
 */
export function watchEndpoints(ours: (channelId: string) => boolean): (
  body: unknown,
  /** Ids of the channels that Asterisk lists by themselves, should an endpoint remember one that is gone. */
  listed?: ReadonlySet<string>,
) => {
  seen: Seen[];
  /** Operators' phones have channels that are not ours: worth looking again soon. */
  strangers: boolean;
} {
  let before: ReadonlySet<string> | null = null;
  return (body, listed) => {
    const endpoints = readEndpoints(body);
    const phones = endpoints.filter((one) => one.endpoint.startsWith('op-'));
    const strange = new Set(
      phones.flatMap(({ channels }) => channels).filter((id) => !ours(id) && listed?.has(id) !== false),
    );
    const lasting = before === null ? strange : new Set([...strange].filter((id) => before?.has(id)));
    before = strange;
    const seen = endpoints.map(({ channels, ...one }) => ({ ...one, inUse: channels.some((id) => lasting.has(id)) }));
    return { seen, strangers: strange.size > 0 };
  };
}
