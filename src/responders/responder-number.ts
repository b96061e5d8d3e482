import type { Settings } from '../settings/setting.ts';

/** The crews' number as the dialplan compares it with what a carrier dialled; empty if there is none. */
export function keptResponderNumber(number: string | null): string {
  return number === null ? '' : encodeURIComponent(number);
}

/** Digits as they are dialled within the country: carriers deliver the same line with 0, 62 or +62 before them. */
function national(number: string): string {
  return number.replace(/^(\+?62|0+)/, '');
}

/** Why the settings' number for crews would take calls from somebody else; undefined when it takes none. */
export function whyNotForCrews(
  settings: Pick<Settings, 'responderNumber' | 'queues' | 'outgoingNumber'>,
): string | undefined {
  const { responderNumber: number, queues, outgoingNumber } = settings;
  if (number === null) return undefined;
  // Carriers deliver 112 with an area code before it, too.
  if (number.endsWith('112')) return 'responderNumber ends in 112: whoever is delivered on it may have dialled 112.';
  const same = (other: string): boolean => national(other) === national(number);
  if (same(outgoingNumber)) return 'responderNumber is outgoingNumber: citizens call back there.';
  const queue = queues.find(({ numbers }) => numbers.some(same));
  return queue && `responderNumber is a number of the queue ${queue.id}: its callers would reach no operator.`;
}
