import type { AriAnswer } from '../../asterisk/commands.ts';
import { targetOf } from '../../asterisk/leg-commands.ts';
import type { Machine, MachineDeps } from '../../asterisk/machine.ts';
import { watchLegs } from '../../asterisk/watch-legs.ts';
import type { DispatchTold } from '../../notifications/notification.ts';
import { wishesByRules, type AgencyToTell, type NotifyWish } from '../../notifications/tell.ts';
import { messageOf } from '../../platform/errors.ts';
import { everyTurn } from '../../platform/every-turn.ts';
import { watchLeases } from '../../platform/leases.ts';
import { isUnavailable, type Sql } from '../../platform/postgres.ts';
import type { Settings } from '../../settings/setting.ts';
import type { Reservations, Reserving } from '../../outgoing/reservations.ts';
import { awaitsMessage, currentAttempt, engages, type Dispatch, type RingJob, type RingResult } from '../dispatch.ts';
import { createWithoutCallIntake } from './intake.ts';
import { keepWithoutCall, underWay, withoutCallLeases } from './lease-store.ts';
import { createWithoutCallPerformer, type WithoutCallCommand } from './perform.ts';
import { createWithoutCallRunner } from './runner.ts';
import {
  newWithoutCall,
  type WithoutCall,
  type WithoutCallEffect,
  type WithoutCallEntry,
  type WithoutCallSeed,
} from './without-call.ts';

/** What is asked for. */
export type WithoutCallWish = Omit<WithoutCallSeed, 'application' | 'timing' | 'at'>;

type Wanted = Pick<Dispatch, 'agencyId' | 'mode'>;

export interface WithoutCallRoom extends Machine, Reserving {
  /** As it will be: kept by whoever must know of it before it begins. */
  readonly prepare: (wish: WithoutCallWish) => WithoutCall;
  /** Keeps it in this transaction: from its end on somebody begins it, whatever becomes of this process. */
  readonly keep: (sql: Sql, state: WithoutCall) => Promise<void>;
  /** Begins it; told twice, it begins once. False: too many are under way, and nothing was begun. */
  readonly begin: (state: WithoutCall) => boolean;
  /** A dispatch that is here, with its incident. */
  readonly find: (dispatchId: string) => { dispatch: Dispatch; incidentId: string } | undefined;
  /** Dispatches of this incident are here, also such that ended a moment ago. */
  readonly knows: (incidentId: string) => boolean;
  /** The dispatch by which an agency is engaged already for what is wanted, without a call, of this process. */
  readonly engagedHere: (incidentId: string, wanted: Wanted) => string | undefined;
  /** The same of others; with PostgreSQL away nobody knows, and nobody waits for it. */
  readonly engagedElsewhere: (incidentId: string, wanted: Wanted) => Promise<string | undefined>;
  /** False: it is not here. Resolves when the journal has it. */
  readonly cancel: (dispatchId: string, by: string) => Promise<boolean>;
  /** Resolves true when all that was journalled is on the disk. */
  readonly synced: () => Promise<boolean>;
  /** What came of a message to an agency; false: its dispatch is not here. */
  readonly told: (told: DispatchTold) => boolean;
  readonly stop: () => void;
}

export interface WithoutCallDeps extends MachineDeps {
  settings: () => Settings;
  connected: () => boolean;
  line: Pick<Reservations, 'reserve' | 'outcome'>;
  ringAgency: (job: RingJob) => Promise<RingResult>;
  /** Those of the prompts that Asterisk has. */
  sayable: (prompts: readonly string[]) => string[];
  notify: (wish: NotifyWish) => void;
  notifyAgency: (agency: AgencyToTell) => void;
  /** What came of the messages of these dispatches, as far as that is on record: whoever sent them may be another process. */
  cameOf: (dispatchIds: readonly string[]) => Promise<DispatchTold[]>;
  recorded: (entry: WithoutCallEntry) => void;
}

/** Milliseconds. */
const askedEvery = 5_000;

/** Dispatches of incidents that have no live call: agencies are rung, and connected with who asked, or told. */
export function startWithoutCall(deps: WithoutCallDeps): WithoutCallRoom {
  const { application, clock, logger, postgres, line } = deps;

  const runner = createWithoutCallRunner({
    clock,
    logger,
    held: deps.held,
    recorded: deps.recorded,
    carryOut,
    failed: ({ id }, input, error) =>
      deps.alarm('decision-failed', { withoutCallId: id, input, reason: messageOf(error) }),
  });
  const performer = createWithoutCallPerformer({ ...deps, answered });

  function carryOut(state: WithoutCall, effect: WithoutCallEffect): void {
    const { id, incidentId } = state;
    switch (effect.do) {
      case 'ring-agency':
        return ring(id, effect.job);
      case 'tell':
        return wishesByRules(effect.told, { incidentId, callId: null }).forEach(deps.notify);
      case 'notify-agency':
        return deps.notifyAgency({ dispatchId: effect.dispatchId, agencyId: effect.agencyId, incidentId });
      case 'alarm':
        return deps.alarm('dispatch-failed', { incidentId, dispatchId: effect.dispatchId, agencyId: effect.agencyId });
      case 'reserve': {
        const target = { operatorId: effect.operatorId };
        return line.reserve({ requestId: `dispatch:${id}`, callId: id, target, occupied: false, evenPaused: true });
      }
      case 'operator-outcome':
        return line.outcome(effect.operatorId, effect.assignmentId, effect.outcome);
      case 'follow':
      case 'announce':
      case 'stop-sound':
      case 'ring-tone':
      case 'stop-ring-tone':
      case 'ring-operator':
      case 'make-bridge':
      case 'join':
      case 'destroy-bridge':
      case 'hang-up':
        return void performer.perform(state, effect);
    }
  }

  function ring(id: string, job: RingJob): void {
    deps
      .ringAgency(job)
      .catch((error: unknown): RingResult => {
        logger.error({ err: error, attemptId: job.attemptId }, 'ringing an agency failed unexpectedly');
        return { result: 'refused', reason: 'a fault of ours' };
      })
      .then((result) => {
        runner.tell(id, { type: 'ring-result', at: clock.now(), attemptId: job.attemptId, ring: result });
      })
      .catch((error: unknown) => logger.fatal({ err: error }, 'what came of a ring job was not passed on'));
  }

  function answered({ id }: WithoutCall, command: WithoutCallCommand, answer: AriAnswer): void {
    const at = clock.now();
    if (command.do === 'follow') {
      const there = answer.ok || (answer.failure !== 'gone' && answer.failure !== 'conflict');
      runner.tell(id, { type: 'followed', at, channelId: command.channelId, there });
      return;
    }
    if (answer.ok) {
      if (command.do === 'join') runner.tell(id, { type: 'leg-joined', at, channelId: command.channelId });
      return;
    }
    const { reason } = answer;
    logger.warn({ withoutCallId: id, command: command.do, reason }, 'a command for a dispatch without a call failed');
    runner.tell(id, { type: 'command-failed', at, command: command.do, target: targetOf(command) });
  }

  const begin = (state: WithoutCall, input: 'begin' | 'resumed'): boolean => {
    if (runner.opened(state.id)) return true;
    if (!runner.open(state)) return false;
    return runner.tell(state.id, { type: input, at: clock.now() });
  };

  const ofIncident = (incidentId: string): Dispatch[] =>
    runner
      .all()
      .filter((one) => one.incidentId === incidentId)
      .flatMap(({ dispatches }) => dispatches);

  const takeOver = async (id: string, dead: string): Promise<boolean> => {
    const by = { owner: application, at: clock.now() };
    const state = await withoutCallLeases.ofDead(postgres, by, { id, owner: dead });
    if (state === undefined) return false;
    // What was here of it, long ago, is older.
    if (runner.get(id) === undefined) runner.forget(id);
    logger.info({ withoutCallId: id }, 'going on with dispatches whose controller has died: an agency has answered');
    return begin(state, 'resumed');
  };

  const told = ({ dispatchId, outcome, reason }: DispatchTold): boolean => {
    const owner = runner.ownerOf(dispatchId);
    if (owner === undefined) return false;
    return runner.tell(owner.id, { type: 'notified', at: clock.now(), dispatchId, outcome, reason });
  };

  const take = createWithoutCallIntake({ ...deps, runner, takeOver });
  const stopAdopting = watchLeases({
    ...deps,
    owner: application,
    leases: withoutCallLeases,
    mailboxes: runner,
    every: 2_000,
    sound: 3,
    // Without Asterisk nothing can be gone on with.
    mayTake: deps.connected,
    taken(state) {
      logger.info({ withoutCallId: state.id }, 'going on with dispatches that nobody goes on with');
      begin(state, 'resumed');
    },
    // The line of this process alone knows that he was reserved; his phone, should he be at it, counts as in use.
    lost({ operator }) {
      if (operator?.assignment == null) return;
      const outcome = operator.state === 'entered' ? 'lost' : 'not-needed';
      line.outcome(operator.operatorId, operator.assignment.assignmentId, outcome);
    },
  });
  const stopAsking = everyTurn(
    clock,
    askedEvery,
    async () => {
      const awaited = runner.all().flatMap(({ dispatches }) => dispatches.filter(awaitsMessage));
      if (awaited.length === 0) return;
      for (const one of await deps.cameOf(awaited.map(({ id }) => id))) told(one);
    },
    (error) => {
      if (!isUnavailable(error)) logger.error({ err: error }, 'what came of messages to agencies is not known');
    },
  );
  const stopWatching = watchLegs({
    ...deps,
    expected: () => runner.all().flatMap((one) => legsOf(one).map((channelId) => ({ id: one.id, channelId }))),
    gone: (id, channelId) => void runner.tell(id, { type: 'leg-gone', at: clock.now(), channelId, cause: 0 }),
  });

  return {
    prepare: (wish) => newWithoutCall({ ...wish, application, at: clock.now(), timing: timingOf(deps.settings()) }),
    async keep(sql, state) {
      await keepWithoutCall(sql, state, 0);
    },
    begin: (state) => begin(state, 'begin'),
    find(dispatchId) {
      for (const { incidentId, dispatches } of runner.all()) {
        const dispatch = dispatches.find(({ id }) => id === dispatchId);
        if (dispatch !== undefined) return { dispatch, incidentId };
      }
      return undefined;
    },
    knows: (incidentId) => ofIncident(incidentId).length > 0,
    engagedHere: (incidentId, wanted) => ofIncident(incidentId).find((one) => engages(one, wanted))?.id,
    async engagedElsewhere(incidentId, wanted) {
      const stored = await underWay(postgres, incidentId, wanted).catch((error: unknown) => {
        if (isUnavailable(error)) return undefined;
        throw error;
      });
      // What ended here a moment ago may not be on record as ended yet.
      return ofIncident(incidentId).some(({ id }) => id === stored) ? undefined : stored;
    },
    async cancel(dispatchId, by) {
      const owner = runner.ownerOf(dispatchId);
      if (owner === undefined) return false;
      runner.tell(owner.id, { type: 'cancel', at: clock.now(), dispatchId, by });
      await deps.synced();
      return true;
    },
    synced: deps.synced,
    told,
    take,
    owns: (channelId) => runner.ownerOf(channelId) !== undefined,
    reserved: (id, reservation) => runner.tell(id, { type: 'reserved', at: clock.now(), ...reservation }),
    refused: (id, reason) => runner.tell(id, { type: 'reservation-refused', at: clock.now(), reason }),
    stop() {
      stopAdopting();
      stopAsking();
      stopWatching();
      runner.stop();
    },
  };
}

/** Channels that must be there. */
function legsOf({ dispatches, operator, endedAt }: WithoutCall): string[] {
  if (endedAt !== null) return [];
  const agencies = dispatches.map(currentAttempt).filter((one) => one !== undefined);
  return [
    ...agencies.filter((one) => one.ringingAt !== null || one.answeredAt !== null).map(({ channelId }) => channelId),
    ...(operator?.state === 'entered' ? [operator.channelId] : []),
  ];
}

function timingOf(settings: Settings): WithoutCall['timing'] {
  return {
    reserve: 3_000,
    operatorRing: settings.operatorRingSeconds * 1_000,
    told: 60_000,
    talk: settings.outgoingMinutes * 60_000,
  };
}
