// The controller's live feed (SSE), as the demo reads it.
import { StepError } from '../runtime/progress.mjs';

/** Follows /v1/events; `waitFor` also finds what has passed. Event times are epoch milliseconds. */
export async function followEvents(http, token) {
  const stopping = new AbortController();
  const response = await fetch(`${http}/v1/events`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal: stopping.signal,
  });
  if (!response.ok) {
    throw new StepError({ tried: 'follow the live feed', happened: `it answered ${response.status}` });
  }
  const seen = [];
  const waiting = new Set();
  let printer = () => undefined;
  let listener = () => undefined;
  const take = (event) => {
    seen.push(event);
    printer(line(event, seen[0].at));
    listener(event);
    for (const waiter of waiting) if (waiter.type === event.type) waiter.found(event);
  };
  void read(response.body, take).catch((error) => {
    if (!stopping.signal.aborted) printer(`The live feed broke off: ${error.message}`);
  });
  return {
    print(say) {
      seen.length = 0;
      printer = say;
    },
    /** From now on every event as it comes. */
    listen(hear) {
      listener = hear;
    },
    waitFor(type, within) {
      const past = seen.find((event) => event.type === type);
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(waiter);
          const last = seen.at(-1)?.type ?? 'nothing';
          const happened = `nothing of the kind within ${within / 1000} s; the last event was ${last}`;
          reject(new StepError({ tried: `wait for ${type}`, happened, next: "read the controller's log" }));
        }, within);
        const found = (event) => {
          clearTimeout(timer);
          waiting.delete(waiter);
          resolve(event);
        };
        const waiter = { type, found };
        waiting.add(waiter);
      });
    },
    close: () => stopping.abort(),
  };
}

async function read(body, take) {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split('\n').find((text) => text.startsWith('data: {"id"'));
      if (!data) continue;
      const event = JSON.parse(data.slice('data: '.length));
      take({ ...event, at: Date.parse(event.at) });
    }
  }
}

function line({ type, at, detail }, start) {
  const told = Object.entries(detail)
    .filter(([name, value]) => value !== null && typeof value !== 'object' && !name.endsWith('Id'))
    .map(([name, value]) => `${name} ${value}`);
  const who = detail.trunkId ?? detail.agencyId;
  return `  +${((at - start) / 1000).toFixed(3)} s  ${type.padEnd(24)} ${[...(who ? [who] : []), ...told].join(', ')}`;
}
