import type { AcdDeps } from './acd/start.ts';
import { mayRingBackupCentre } from './calls/decide-backup-centre.ts';
import type { CallRunner } from './calls/runner.ts';
import type { Planner } from './dispatch/planner.ts';
import type { Reserving } from './outgoing/reservations.ts';
import type { Clock } from './platform/clock.ts';

/** Milliseconds between two rings of the backup centre for one call. */
const backupCentreEvery = 10_000;

type Words = Required<
  Pick<AcdDeps, 'assigned' | 'reserved' | 'refused' | 'toBackupCentre' | 'placed' | 'ranked' | 'challenged'>
>;

/** What the waiting line says to calls: to those of citizens as an input, to those to the outside, or to dispatches without one. */
export function lineToCalls(deps: {
  clock: Clock;
  planner: Pick<Planner, 'planBackupCentre'>;
  runner: () => Pick<CallRunner, 'tell' | 'get' | 'all'>;
  machines: () => readonly Reserving[];
}): Words {
  const { clock, planner, runner, machines } = deps;
  return {
    assigned: (callId, assignment) =>
      runner().tell(callId, { type: 'operator-assigned', at: clock.now(), ...assignment }),
    toBackupCentre(callId) {
      const at = clock.now();
      const call = runner().get(callId);
      if (call === undefined || !mayRingBackupCentre(call, at, backupCentreEvery)) return;
      const dispatch = planner.planBackupCentre(at);
      if (dispatch !== undefined) runner().tell(callId, { type: 'dispatch-requested', at, dispatch });
    },
    ranked: (callId, wish) => runner().tell(callId, { type: 'ranked', at: clock.now(), ...wish }),
    challenged: () =>
      runner()
        .all()
        .filter(({ timers, caller }) => timers.challenge !== undefined && caller.live)
        .map(({ id, arrivedAt }) => ({ callId: id, since: arrivedAt })),
    placed: (callId, place) => runner().tell(callId, { type: 'placed', at: clock.now(), ...place }),
    reserved: (callId, reservation) =>
      machines().some((one) => one.reserved(callId, reservation)) ||
      runner().tell(callId, { type: 'operator-reserved', at: clock.now(), ...reservation }),
    refused(callId, requestId, reason) {
      if (machines().some((one) => one.refused(callId, reason))) return;
      runner().tell(callId, { type: 'reservation-refused', at: clock.now(), requestId, reason });
    },
  };
}
