import type { CallFacts } from '../routing/facts.ts';
import type { Call } from './call.ts';

/** Every call of a live call's incident, by id: those that it joined, and itself. */
export function callsOf({ id, earlier }: Pick<Call, 'id' | 'earlier'>): string[] {
  return earlier?.relation === 'joined' ? [...earlier.callIds, id] : [id];
}

/** What a live call tells the rules of its incident. The language is the first of those that its operator should speak. */
export function factsOfCall(call: Call): CallFacts {
  const { best } = call.location;
  return {
    district: best?.district ?? null,
    position: best?.position ?? null,
    language: call.queue.languages[0] ?? null,
    carrier: call.origin.carrier,
    source: 'call',
    calls: callsOf(call).length,
  };
}
