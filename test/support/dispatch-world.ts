import type { Call } from '../../src/calls/call.ts';
import { mayRingBackupCentre } from '../../src/calls/decide-backup-centre.ts';
import { backupCentreId } from '../../src/dispatch/backup-centre.ts';
import type { Dispatch } from '../../src/dispatch/dispatch.ts';
import type { Mode } from '../../src/routing/rule.ts';
import { testDispatch, type Told } from './calls.ts';

const agencies = ['damkar', 'pln', 'polresta'] as const;

const modes: readonly Mode[] = ['bridge', 'transfer', 'bridge', 'listen', 'listen', 'transfer', 'notify'];

/** An agency is engaged, now and then once more under the same id, and now and then without any trunk. */
export function someDispatch(call: Call, n: number, m: number): Dispatch {
  const trunks = testDispatch().trunks.slice(0, m % 3);
  const id = `d${call.dispatches.length + 1 - (n % 7 === 0 ? 1 : 0)}`;
  const mode = modes[m % modes.length] ?? 'bridge';
  const instead = testDispatch({ id: `${id}f`, agencyId: agencies[(n + 1) % agencies.length] ?? 'pln', mode });
  return testDispatch({
    id,
    agencyId: agencies[n % agencies.length] ?? 'damkar',
    mode,
    fallback: n % 2 === 0 ? instead : null,
    acceptance: n % 3 === 0 ? 'answer' : 'key',
    trunks: trunks.length === 0 && n % 4 !== 0 ? testDispatch().trunks : trunks,
  });
}

/** One agency, and another when the first has accepted or will not. */
export function staged(call: Call, n: number, m: number): Dispatch[] {
  const known = call.dispatches.length;
  const first = { ...someDispatch(call, n, m), id: `d${known + 1}` };
  return [first, { ...someDispatch(call, n + 1, m + 1), id: `d${known + 2}`, after: [first.id] }];
}

/** The line rings the backup centre for the call, if that may be. */
export function backupCentre(call: Call, at: number): Told[] {
  if (!mayRingBackupCentre(call, at, 10_000)) return [];
  const id = `d${call.dispatches.length + 1}`;
  const over = { id, agencyId: backupCentreId, mode: 'transfer', acceptance: 'answer' } as const;
  return [{ type: 'dispatch-requested', dispatch: testDispatch({ ...over, reason: { by: 'line' } }) }];
}

/** What people do with the agencies of a call, and what comes of a message to one. */
export function agencyCommand(call: Call, n: number, m: number): Told[] {
  const dispatchId = call.dispatches[n % Math.max(1, call.dispatches.length)]?.id ?? 'none';
  const outcome = (['delivered', 'acknowledged', 'failed'] as const)[m % 3] ?? 'failed';
  const commands: Told[] = [
    { type: 'dispatch-muted', dispatchId, muted: true, by: 'op1' },
    { type: 'dispatch-muted', dispatchId, muted: false, by: 'op1' },
    { type: 'leave', by: 'op1' },
    { type: 'return', requestId: `return${n}`, operatorId: `op${n % 5}`, by: 'op1' },
    { type: 'notified', dispatchId, outcome, reason: null },
  ];
  const command = commands[m % commands.length];
  return command === undefined ? [] : [command];
}
