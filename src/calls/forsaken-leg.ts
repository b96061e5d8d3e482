import type { AsteriskChannel } from '../asterisk/translate.ts';

/** What is done with a leg that was answered, and that nobody here knows. */
export type WayOut = 'rescue' | 'offer';

/**
 * A leg of a caller goes to him, or is told that he has gone. One of a dispatch or a call to the outside that has no caller
 * is offered to the controllers: another one may go on with what was this one's before. The dialplan hangs it up if none does.
 */
export function wayOut({ variables }: Pick<AsteriskChannel, 'variables'>): WayOut {
  const role = variables['SIAGA_ROLE'];
  const called = variables['SIAGA_CALLER_CHANNEL'] !== undefined;
  return !called && (role === 'agency' || role === 'operator') ? 'offer' : 'rescue';
}

/** Where in the dialplan that is, as ARI's `continue` wants it. */
export function whereTo(way: WayOut): Record<string, string | number> {
  if (way === 'rescue') return { context: 'siaga-legs', extension: 'rescue', priority: 1 };
  return { context: 'siaga-legs', extension: 'enter', label: 'offer' };
}
