import type { CallQueue } from '../acd/queue.ts';
import type { Introduction } from '../location/invite.ts';
import type { AriCommands } from '../asterisk/commands.ts';
import type { AsteriskChannel, AsteriskEvent } from '../asterisk/translate.ts';
import type { Clock } from '../platform/clock.ts';
import { derivedId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { epochOf } from '../platform/uniqueid.ts';
import type { EarlierAttempt } from '../triage/redial.ts';
import type { CallNuisance } from '../triage/score.ts';
import { newCall, type Call, type CallOrigin, type CallTiming } from './call.ts';
import { emergencyOfRedial } from './emergency-id.ts';
import { wayOut, whereTo, type WayOut } from './forsaken-leg.ts';
import type { CallerIdentity } from './identity.ts';
import { originOf } from './origin.ts';
import type { CallRunner } from './runner.ts';
import type { WhisperedPrompts } from './whispered-prompts.ts';

export interface Intake {
  /** Takes one event of the event socket. */
  take(event: AsteriskEvent): void;
  /** A caller who is in our application, whether or not anybody said so. */
  arrive(channel: AsteriskChannel): void;
  /** Claims nothing more; calls under way go on. */
  stopClaiming(): void;
  /** A dead controller's call is this one's now. */
  goesOn(call: Call): void;
  /** It had ended before it could be gone on with: whether the caller talked, Asterisk's log tells. */
  wentUnseen(call: Call): void;
  /** Of a call that came here lately, by its SIP Call-ID or its channel. */
  took(id: string): boolean;
}

export interface IntakeDeps {
  node: string;
  application: string;
  /** Milliseconds this controller lets others claim first: 0 for the leader. */
  claimDelay: number;
  ari: AriCommands;
  runner: CallRunner;
  clock: Clock;
  logger: Logger;
  /** The queue of a call to this number, and the times that hold in it. */
  queueOf: (dialled: string | null) => { queue: CallQueue; timing: CallTiming };
  /** False when this controller cannot keep up: the next one, or the human path, takes the call. */
  keepsUp: () => boolean;
  /** Somebody is at his desk, if only talking. */
  staffed: () => boolean;
  /** What the INVITE says of who calls and from where. */
  introduce: (origin: CallOrigin, ids: { callId: string; incidentId: string; arrivedAt: number }) => Introduction;
  /** The caller's nuisance score, from memory; null when it does not matter. */
  nuisanceOf: (identity: CallerIdentity, at: number) => CallNuisance | null;
  /** The same caller's call before this one, from memory. */
  earlierOf: (identity: CallerIdentity, callId: string, at: number) => EarlierAttempt | null;
  /** Begins to look up what the INVITE does not say; the call is told. */
  lookUp: (call: Call) => void;
  /** The caller's call is a dead controller's, and is kept here for him. */
  knows: (channelId: string) => boolean;
  /** The caller is a dead controller's, whose call goes on. */
  came: (channel: AsteriskChannel) => boolean;
  /** What operators dialled for themselves, and crews that report: takes an event of theirs, and says so. */
  desks: { take(event: AsteriskEvent): boolean };
  /** Channels by which prompts are said into a conversation. */
  whispered: Pick<WhisperedPrompts, 'take'>;
}

/** Who comes from the dialplan may have his own call with another controller, which is to have him. */
const patienceForBack = 150;
const isBack = ({ state, variables }: AsteriskChannel): boolean =>
  state === 'Up' && variables['SIAGA_ROLE'] === 'caller';

/** A leg that leaves the application and whose end is not told within this has ended all the same. */
const endToldWithin = 300;
const rememberedIds = 10_000;

/** Turns Asterisk's events into inputs of the calls they concern. Only enqueues; never waits. */
export function createIntake(deps: IntakeDeps): Intake {
  const { ari, runner, clock, logger, application, node } = deps;
  const hangUpCauses = new Map<string, number | null>();
  const keys = new Map<string, string>();
  const taken = new Set<string>();
  let claiming = true;

  const broadcast = (channel: AsteriskChannel): void => {
    const role = channel.variables['SIAGA_ROLE'];
    if (!claiming || !deps.keepsUp()) return;
    // Whom the human path has in hand stays there while nobody here could take him: it rings every phone there is.
    if (role === 'caller' && channel.state === 'Up' && !deps.staffed()) return;
    const callId = channel.variables['SIAGA_CALL'];
    const ofCall = role !== 'caller' && role !== 'desk' && role !== 'crew';
    if (ofCall && (callId === undefined || runner.get(callId) === undefined)) return;
    const delay = deps.knows(channel.id) ? 0 : deps.claimDelay + (isBack(channel) ? patienceForBack : 0);
    if (delay === 0) void claim(channel.id, role);
    else clock.after(delay, () => void claim(channel.id, role));
  };

  const claim = async (channelId: string, role: string | undefined): Promise<void> => {
    const answer = await ari.send('POST', '/events/claim', { channelId, application });
    // 409: another controller was faster; 404: too late, or the caller has gone.
    if (!answer.ok && answer.failure !== 'conflict' && answer.failure !== 'gone') {
      logger.warn({ channelId, role, reason: answer.reason }, 'a call could not be claimed');
    }
  };

  const entered = (channel: AsteriskChannel, [role, callId, legId]: string[]): void => {
    if (role === 'caller') return arrive(channel);
    const call = callId === undefined ? undefined : runner.get(callId);
    if (call === undefined || (legId !== undefined && legId !== channel.id)) {
      if (role === 'snoop' || role === 'monitor') return void hangUp(channel.id);
      const way = wayOut(channel);
      logger.warn(
        { callId, channelId: channel.id, role, way },
        'a leg of a call that is not here goes to the dialplan',
      );
      void giveBack(channel.id, way);
      return;
    }
    runner.tell(call.id, { type: 'leg-entered', at: clock.now(), channelId: channel.id });
  };

  const giveBack = async (channelId: string, way: WayOut): Promise<void> => {
    const answer = await ari.send('POST', `/channels/${channelId}/continue`, whereTo(way));
    if (!answer.ok && answer.failure !== 'gone') {
      logger.warn({ channelId, reason: answer.reason }, 'a channel could not be sent back to the dialplan');
    }
  };

  /** A listener is not thrown at a caller. */
  const hangUp = async (channelId: string): Promise<void> => {
    const answer = await ari.send('DELETE', `/channels/${channelId}`);
    if (!answer.ok && answer.failure !== 'gone') {
      logger.warn({ channelId, reason: answer.reason }, 'a listener of a call that is not here could not be hung up');
    }
  };

  const arrive = (channel: AsteriskChannel): void => {
    if (deps.came(channel)) return;
    const at = clock.now();
    const id = derivedId('call', node, channel.id, epochOf(channel.id));
    const up = channel.state === 'Up';
    if (channel.sipCallId !== null) remember(channel.sipCallId);
    remember(channel.id);
    if (runner.get(id) === undefined) {
      const incidentId = derivedId('incident', node, channel.id, epochOf(channel.id));
      const origin = originOf(channel);
      const introduction = deps.introduce(origin, { callId: id, incidentId, arrivedAt: at });
      const { identity } = introduction;
      const earlier = deps.earlierOf(identity, id, at);
      const own = earlier?.relation === 'joined' ? earlier.incident.id : incidentId;
      runner.open(
        newCall({
          id,
          incidentId: own,
          node,
          channelId: channel.id,
          channelName: channel.name,
          application,
          arrivedAt: at,
          claimedAt: at,
          origin,
          ...introduction,
          emergency: emergencyOfRedial(introduction.emergency, incidentId, earlier),
          nuisance: deps.nuisanceOf(identity, at),
          earlier,
          ...deps.queueOf(origin.dialled),
          // One that is answered already comes from the human path, and may have been with a controller before.
          earlierOwners: up,
        }),
      );
    }
    runner.tell(id, { type: 'arrived', at, up });
    const call = runner.get(id);
    if (call !== undefined && !call.looked) deps.lookUp(call);
  };

  const remember = (id: string): void => {
    taken.add(id);
    const oldest = taken.size > rememberedIds ? taken.values().next().value : undefined;
    if (oldest !== undefined) taken.delete(oldest);
  };

  const left = (channelId: string): void => {
    const call = runner.ownerOf(channelId);
    const requested = hangUpCauses.has(channelId);
    const cause = hangUpCauses.get(channelId) ?? (requested ? 16 : 0);
    hangUpCauses.delete(channelId);
    keys.delete(channelId);
    if (call === undefined) return;
    if (channelId !== call.channelId) {
      // The end of a leg is told with its cause a moment later; should that be lost, this stands.
      clock.after(endToldWithin, () => runner.tell(call.id, { type: 'leg-gone', at: clock.now(), channelId, cause }));
    } else if (requested) runner.tell(call.id, { type: 'caller-gone', at: clock.now(), cause });
    else runner.tell(call.id, { type: 'caller-left', at: clock.now() });
  };

  const take = (event: AsteriskEvent): void => {
    if (event.type === 'broadcast') return broadcast(event.channel);
    if (deps.whispered.take(event) || deps.desks.take(event)) return;
    if (event.type === 'entered') return entered(event.channel, event.arguments);
    if (event.type === 'left') return left(event.channelId);
    if (event.type === 'replaced') return;
    if (event.type === 'sound-ended') {
      const callId = event.soundId.split('.s')[0] ?? '';
      if (runner.get(callId) !== undefined) {
        runner.tell(callId, { type: 'sound-ended', at: clock.now(), soundId: event.soundId });
      }
      return;
    }
    const call = runner.ownerOf(event.channelId);
    if (call !== undefined) ofChannel(call, event);
  };

  const ofChannel = (call: Call, event: Extract<AsteriskEvent, { channelId: string }>): void => {
    const { channelId } = event;
    const at = clock.now();
    switch (event.type) {
      case 'destroyed':
        hangUpCauses.delete(channelId);
        keys.delete(channelId);
        runner.tell(call.id, { type: 'leg-gone', at, channelId, cause: event.cause });
        return;
      case 'hang-up-requested':
        hangUpCauses.set(channelId, event.cause);
        return;
      case 'state-changed':
        if (channelId === call.channelId) {
          if (event.state === 'Up') runner.tell(call.id, { type: 'caller-up', at });
        } else if (event.state === 'Ringing') runner.tell(call.id, { type: 'leg-ringing', at, channelId });
        return;
      case 'joined-bridge':
        runner.tell(call.id, { type: 'leg-joined', at, channelId, bridgeId: event.bridgeId });
        return;
      case 'key-pressed':
        if (keys.get(channelId) === `${event.key} ${event.stamp}`) return;
        keys.set(channelId, `${event.key} ${event.stamp}`);
        runner.tell(call.id, { type: 'key-pressed', at, channelId, key: event.key });
        return;
      case 'talk-detected':
        runner.tell(call.id, { type: 'talk-detected', at, channelId, talking: event.talking });
        return;
      case 'held':
        runner.tell(call.id, { type: 'held-by-phone', at, channelId, held: event.held });
        return;
      case 'left-bridge':
      case 'left':
        return;
    }
  };

  return {
    take,
    arrive,
    goesOn(call) {
      if (call.origin.sipCallId !== null) remember(call.origin.sipCallId);
      remember(call.channelId);
      if (call.endedAt === null && !call.looked) deps.lookUp(call);
    },
    wentUnseen: (call) => void taken.delete(call.channelId),
    stopClaiming: () => (claiming = false),
    took: (id) => taken.has(id),
  };
}
