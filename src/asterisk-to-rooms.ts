import type { AcdRoom } from './acd/start.ts';
import type { TrunksRoom } from './agencies/trunks.ts';
import type { PromptList } from './asterisk/prompts.ts';
import type { listenToAsterisk } from './asterisk/start.ts';
import type { CallsRoom } from './calls/start.ts';
import type { Succession } from './calls/succession.ts';
import type { CodesRoom } from './codes/start.ts';
import type { Machines } from './machines.ts';
import type { RecordsRoom } from './records/start.ts';

type Words = Pick<
  Parameters<typeof listenToAsterisk>[0],
  | 'onEvent'
  | 'onConnected'
  | 'onHeardAgain'
  | 'onReplaced'
  | 'ours'
  | 'onContactsFollowed'
  | 'onContact'
  | 'onRefusal'
  | 'knownSipCall'
>;

/** What Asterisk says to the rooms: events to whoever has the channel, registrations to phones and trunks. */
export function asteriskToRooms(deps: {
  calls: CallsRoom;
  machines: Pick<Machines, 'all'>;
  codes: Pick<CodesRoom, 'owns'>;
  acd: Pick<AcdRoom, 'pushAll' | 'contact'>;
  trunks: Pick<TrunksRoom, 'pushAll' | 'contact' | 'askAnew'>;
  prompts: Pick<PromptList, 'look'>;
  guardian: { readonly beat: () => void };
  records: Pick<RecordsRoom, 'alarm' | 'sawSipCall'>;
  /** Those that look at Asterisk anew when it is there again. */
  succession: Pick<Succession, 'look'>;
  /** Ends the process at once, and leaves everything in Asterisk as it is. */
  leave: (why: string) => void;
  watchers: readonly { readonly look: () => void }[];
}): Words {
  const { calls, machines, codes, acd, trunks, records } = deps;
  return {
    onEvent(event) {
      if (!machines.all.some((one) => one.take(event))) calls.intake.take(event);
    },
    onConnected() {
      deps.guardian.beat();
      deps.prompts.look();
      for (const room of deps.watchers) room.look();
      deps.succession.look();
      calls.connected();
      void acd.pushAll();
      void trunks.pushAll();
    },
    onHeardAgain: () => calls.connected(),
    onReplaced() {
      records.alarm('application-replaced', {});
      deps.leave('another controller took this one for dead, and has its calls');
    },
    // A caller's own channel is no leg: of an operator who called 112 himself the line knows nothing.
    ours: (id) =>
      codes.owns(id) || machines.all.some((one) => one.owns(id)) || (calls.runner.ownerOf(id)?.channelId ?? id) !== id,
    onContactsFollowed: () => void trunks.askAnew(),
    onContact: (contact) => [acd, trunks].forEach((room) => room.contact(contact)),
    onRefusal: (refusal) => records.alarm('call-refused-by-asterisk', { ...refusal }),
    knownSipCall: (sipCallId) => calls.intake.took(sipCallId) || records.sawSipCall(sipCallId),
  };
}
