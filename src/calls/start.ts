import { Counter, Gauge, Histogram } from 'prom-client';
import type { LineSnapshot, WaitingLine } from '../acd/mailbox.ts';
import type { AriCommands } from '../asterisk/commands.ts';
import type { RingJob, RingResult } from '../dispatch/dispatch.ts';
import type { IncidentReader } from '../incidents/start.ts';
import type { AuditLater } from '../audit/later.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Principal } from '../platform/auth.ts';
import { newId } from '../platform/ids.ts';
import { messageOf } from '../platform/errors.ts';
import type { Journal } from '../platform/journal.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { PauseGuard } from '../platform/pause-guard.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { auditOfFacts } from './audit-facts.ts';
import { drain } from './drain.ts';
import { createIntake, type Intake, type IntakeDeps } from './intake.ts';
import { goneUnseen } from './decide-end.ts';
import { createLingering } from './lingering.ts';
import { createPerformer } from './perform.ts';
import { keepReconciled } from './reconcile.ts';
import { talkRoutes } from './talk-routes.ts';
import { targetFinder, type LookUpOutside } from './target.ts';
import type { Succession } from './succession.ts';
import { sweepUnstaffed } from './unstaffed.ts';
import { monitorRoutes } from './monitor-routes.ts';
import { leaveRoutes } from './leave-routes.ts';
import { liveCallOf } from './command.ts';
import { callRoutes } from './routes.ts';
import { silentRoutes } from './silent-routes.ts';
import { createWhisperedPrompts } from './whispered-prompts.ts';
import { createCallRunner, type CallEntry, type CallPartners, type CallRunner } from './runner.ts';

export interface CallsRoom {
  readonly routes: Route[];
  readonly runner: CallRunner;
  readonly intake: Intake;
  /** Calls under way. */
  readonly live: () => number;
  /** Lets the calls end before a stop, up to `limit` milliseconds. */
  readonly drain: (limit: number) => Promise<void>;
  /** Looks after callers by the clock from now on: everything that is asked for it is there. */
  readonly begin: () => void;
  /** Makes up for what was missed while Asterisk could not be heard. */
  readonly connected: () => void;
  readonly stop: () => void;
}

export function startCalls(deps: {
  node: string;
  application: string;
  claimDelay: number;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  journal: Journal;
  metrics: Metrics;
  postgres: Postgres;
  incidents: IncidentReader;
  line: () => WaitingLine;
  queueOf: IntakeDeps['queueOf'];
  guard: PauseGuard;
  auditLater: AuditLater;
  connected: () => boolean;
  ringAgency: (job: RingJob) => Promise<RingResult>;
  notifyAgency: CallPartners['notifyAgency'];
  /** Those of the prompts that Asterisk has. */
  sayable: (prompts: readonly string[]) => string[];
  /** Whether and how a number outside the centre is called; without it, none is. */
  outside?: LookUpOutside;
  recorded: (entry: CallEntry) => void;
  alarm: (code: string, detail: Record<string, string>) => void;
  introduce: IntakeDeps['introduce'];
  lookUp: IntakeDeps['lookUp'];
  desks: IntakeDeps['desks'];
  nuisanceOf: IntakeDeps['nuisanceOf'];
  earlierOf: IntakeDeps['earlierOf'];
  identityLimit: () => number;
  /** Of the calls of dead controllers that are ours. */
  succession: Pick<Succession, 'came' | 'heard' | 'knows'>;
  /** A channel of no 112 call, which another room sees to. */
  ownedElsewhere: (channelId: string) => boolean;
}): CallsRoom & { projected: (callId: string, sequence: number) => void } {
  const { ari, clock, logger, journal, postgres, auditLater } = deps;
  const lookUp = targetFinder({ operators: () => deps.line().snapshot().operators, outside: deps.outside });
  const personOf = (id: string): Principal => personIn(deps.line().snapshot().operators, id);
  const metrics = callMetrics(deps.metrics, () => live());
  const whispered = createWhisperedPrompts(deps);
  const performer = createPerformer({
    ari,
    whispered,
    clock,
    held: deps.guard.held,
    sayable: deps.sayable,
    tell: (callId, input) => runner.tell(callId, input),
    extensionOf: (id) =>
      deps
        .line()
        .snapshot()
        .operators.find(({ operator }) => operator.id === id)?.operator.extension ?? null,
  });
  const runner: CallRunner = createCallRunner({
    clock,
    journal,
    logger,
    held: deps.guard.held,
    partners: {
      perform: (callId, application, effect) => performer.perform(callId, application, effect),
      enterLine: (callId, since, queue) => deps.line().enter(callId, since, queue),
      rankInLine: (callId, { priority, skills, languages }) =>
        deps.line().rank(callId, { priority, skills, languages }),
      leaveLine: (callId) => deps.line().leave(callId),
      keepOperator: (callId, kept) => deps.line().keep({ ...kept, callId }),
      operatorOutcome: (_callId, operatorId, assignmentId, outcome) =>
        deps.line().outcome(operatorId, assignmentId, outcome),
      reserveOperator: (callId, wish) => deps.line().reserve({ ...wish, callId }),
      lookUpTarget(callId, { text, purpose, by }) {
        const at = clock.now();
        const found = lookUp(text, by);
        runner.tell(
          callId,
          'refused' in found
            ? { type: 'party-refused', at, purpose, reason: found.refused, by }
            : { type: 'party-requested', at, partyId: newId(at), purpose, target: found.target, by },
        );
      },
      ringAgency: deps.ringAgency,
      notifyAgency: deps.notifyAgency,
      failed: (call, input, error) =>
        deps.alarm('decision-failed', { callId: call.id, input, reason: messageOf(error) }),
      recorded(entry) {
        metrics.observe(entry);
        if (entry.input.type === 'adopted' && entry.state.reason === goneUnseen) intake.wentUnseen(entry.state);
        deps.recorded(entry);
        for (const done of auditOfFacts(entry, personOf)) auditLater(done);
        for (const { type, detail } of entry.facts) {
          if (type === 'assist.refused')
            deps.alarm('assist-refused', { callId: entry.callId, reason: String(detail['reason']) });
        }
      },
    },
  });
  const lingering = createLingering({ clock, runner });
  const intake = createIntake({
    ...deps,
    ...deps.succession,
    whispered,
    runner,
    keepsUp: deps.guard.keepsUp,
    staffed: () => deps.line().staffed(),
  });
  let reconciler: ReturnType<typeof keepReconciled> | null = null;
  let stopSweep: Cancel = () => undefined;
  const live = (): number => runner.all().filter((call) => call.endedAt === null).length;

  return {
    runner,
    intake,
    live,
    async drain(limit) {
      await drain(runner, intake, clock, limit);
      await performer.settled();
    },
    projected: lingering.projected,
    routes: [
      ...silentRoutes({ clock, runner, auditLater }),
      ...monitorRoutes({ clock, runner, auditLater }),
      ...leaveRoutes({ clock, runner, auditLater }),
      ...talkRoutes({ clock, runner, auditLater, lookUp }),
      ...callRoutes({
        postgres,
        clock,
        runner,
        auditLater,
        identityLimit: deps.identityLimit,
        readTimeline: deps.incidents.timelineOfCall,
        kindOf: async (incidentId) => {
          const live = liveCallOf(runner, incidentId);
          return live === undefined ? deps.incidents.kindOf(incidentId) : live.incident.kind;
        },
      }),
    ],
    begin() {
      const { held } = deps.guard;
      reconciler = keepReconciled({
        ...deps,
        ...deps.succession,
        held,
        runner,
        arrive: (channel) => intake.arrive(channel),
        ownedElsewhere: (channelId) => whispered.owns(channelId) || deps.ownedElsewhere(channelId),
      });
      stopSweep = sweepUnstaffed({ ...deps, runner });
    },
    connected: () => reconciler?.connected(),
    stop() {
      stopSweep();
      lingering.stop();
      reconciler?.stop();
      whispered.stop();
      runner.stop();
    },
  };
}

/** A person acts by his phone: what stands for a token is the phone's account. */
function personIn(operators: LineSnapshot['operators'], id: string): Principal {
  const found = operators.find(({ operator }) => operator.id === id);
  if (found === undefined) return { tokenId: id, role: 'operator', name: id };
  const { operator, desk } = found;
  const role = operator.tier === 'supervisor' ? 'supervisor' : 'operator';
  return { tokenId: desk?.account ?? id, role, name: operator.name, operatorId: id };
}

function callMetrics(metrics: Metrics, live: () => number): { observe: (entry: CallEntry) => void } {
  const { registry } = metrics;
  new Gauge({
    name: 'siaga_calls_live',
    help: 'Calls under way',
    registers: [registry],
    collect() {
      this.set(live());
    },
  });
  const ended = new Counter({
    name: 'siaga_calls_ended_total',
    help: 'Calls that ended, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const failed = new Counter({
    name: 'siaga_commands_failed_total',
    help: 'Commands that Asterisk did not carry out',
    labelNames: ['command', 'failure'],
    registers: [registry],
  });
  const waited = new Histogram({
    name: 'siaga_call_wait_seconds',
    help: 'Arrival of a call to the first word with an operator',
    buckets: [1, 2, 5, 10, 15, 20, 30, 60, 120],
    registers: [registry],
  });
  return {
    observe({ facts, state, input }) {
      for (const fact of facts) {
        if (fact.type === 'call.ended' || fact.type === 'call.returned') ended.inc({ outcome: state.outcome ?? '' });
        if (fact.type === 'operator.talking' && state.firstTalkAt !== null && input.at === state.firstTalkAt) {
          waited.observe((state.firstTalkAt - state.arrivedAt) / 1_000);
        }
      }
      if (input.type === 'command-failed') failed.inc({ command: input.command, failure: input.failure });
    },
  };
}
