/** Why somebody is brought to a call: to speak with the operator alone, with everybody, or to take the call over. */
export const partyPurposes = ['consult', 'conference', 'hand-over'] as const;
export type PartyPurpose = (typeof partyPurposes)[number];

/** Whom an operator asks for: a colleague by name, whichever supervisor is free, or somebody outside the centre. */
export type PartyTarget =
  | { operatorId: string }
  | { tier: 'supervisor' }
  /**
   * `number` as it is dialled, `typed` as it was asked for; `callerNumber` is the centre's own. After the limit the call to
   * the outside ends.
   */
  | { number: string; typed: string; uri: string; callerNumber: string; limitMilliseconds: number };

/** Somebody whom the operator brings to his call. */
export interface Party {
  readonly id: string;
  purpose: PartyPurpose;
  readonly target: PartyTarget;
  /** The operator's or the token's id. */
  readonly by: string;
  readonly requestedAt: number;
  /** `reserving`: the line was asked for an operator. */
  state: 'reserving' | 'ringing' | 'entered' | 'joined';
  /** Null until the line has named one, and for somebody outside. */
  operatorId: string | null;
  assignmentId: string | null;
  /** Null until his phone is rung. */
  channelId: string | null;
  ringingAt: number | null;
  /** Since when he talks with the operator, or with everybody. */
  talkingAt: number | null;
}

/** A party whose phone rings or who is in the call: he has a leg. */
export type PartyLeg = Party & { channelId: string };

export function hasLeg(party: Party): party is PartyLeg {
  return party.channelId !== null;
}

/** He took the call: in its bridge, or on the way into it. */
export function hasAnswered(party: Party): party is PartyLeg {
  return hasLeg(party) && (party.state === 'entered' || party.state === 'joined');
}

/** How many of a call's parties are on calls to the outside. */
export function partiesOutside({ parties }: { readonly parties: readonly Party[] }): number {
  return parties.filter(({ target }) => 'number' in target).length;
}

/** At the same time on one call: a room in which more talk is no emergency call any more. */
export const partyLimit = 4;
/** Milliseconds the line has to name an operator. */
export const reserveLimit = 2_000;
/** Milliseconds that somebody outside is rung: a hospital's switchboard lets it ring longer than a colleague. */
export const outsideRing = 45_000;
