import { z } from 'zod';
import { afterAwake } from '../../scripts/sip/awake.mjs';

const happening = z.object({
  id: z.string(),
  at: z.string().transform((at) => Date.parse(at)),
  type: z.string(),
  callId: z.string().nullable(),
  incidentId: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});

/** One event of the live feed; `at` in epoch milliseconds. */
export type Happening = z.output<typeof happening>;

/** What an event must say to be the one that is waited for. */
interface Wanted {
  callId?: string;
  detail?: Happening['detail'];
}

/** A reader of the live feed that remembers everything. */
export interface Feed {
  readonly seen: Happening[];
  /** Events that are no happenings, such as feed.reset. */
  readonly signals: string[];
  /** The `count`th such event, also one that has passed. */
  waitFor(type: string, wanted?: Wanted & { within?: number; count?: number }): Promise<Happening>;
  all(type: string, wanted?: Wanted): Happening[];
  close(): void;
}

/** Follows /v1/events, from `lastEventId` on if one is given. */
export async function followFeed(base: string, token: string, lastEventId?: string): Promise<Feed> {
  const stopping = new AbortController();
  const response = await fetch(`${base}/v1/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: stopping.signal,
  });
  if (!response.ok || response.body === null) throw new Error(`the live feed answered ${response.status}`);
  const seen: Happening[] = [];
  const signals: string[] = [];
  const watchers = new Set<() => void>();
  const all = (type: string, wanted: Wanted = {}): Happening[] =>
    seen.filter((one) => one.type === type && fits(one, wanted));

  void read(response.body, (name, data) => {
    if (name === 'feed.reset') signals.push(name);
    else seen.push(happening.parse(JSON.parse(data)));
    for (const watcher of [...watchers]) watcher();
  }).catch(() => undefined); // it ends when we close it, or with the controller

  return {
    seen,
    signals,
    all,
    waitFor: (type, { within = 10_000, count = 1, ...wanted } = {}) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          cancel();
          watchers.delete(look);
          act();
        };
        const look = (): void => {
          const found = all(type, wanted)[count - 1];
          if (found !== undefined) finish(() => resolve(found));
        };
        const cancel = afterAwake(within, () => {
          const told = seen.slice(-25).map((one) => `  ${one.type} ${JSON.stringify(one.detail)}`);
          const what = `${type} ${JSON.stringify(wanted)}${count > 1 ? `, number ${count}` : ''}`;
          finish(() => reject(new Error(`no ${what} within ${within} ms; the last events:\n${told.join('\n')}`)));
        });
        watchers.add(look);
        look();
      }),
    close: () => stopping.abort(),
  };
}

function fits(one: Happening, { callId, detail = {} }: Wanted): boolean {
  if (callId !== undefined && one.callId !== callId) return false;
  return Object.entries(detail).every(([name, value]) => one.detail[name] === value);
}

async function read(
  body: NonNullable<Response['body']>,
  take: (name: string | undefined, data: string) => void,
): Promise<void> {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const field = (name: string): string | undefined =>
        part
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field('data');
      if (data !== undefined) take(field('event'), data);
    }
  }
}
