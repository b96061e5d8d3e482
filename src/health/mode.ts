/** What a degraded mode means, and how long it must be seen before it is told. */
interface ModeRule {
  /** One sentence for whoever looks after callers. */
  readonly meaning: string;
  /** Milliseconds that it is seen without a break before it is a mode: shorter is a blip, or a start. */
  readonly beginsAfter: number;
}

/** Every way in which a process works on with less than it should have, by name. docs/operations.md has a row for each. */
export const modes = {
  'asterisk-away': {
    meaning: 'No call of this node comes here: callers reach the human path, or nobody if Asterisk itself has ended.',
    beginsAfter: 1_000,
  },
  'asterisk-behind': {
    meaning: 'Asterisk answers new callers late; with more of it, it leaves their INVITEs unanswered for a while.',
    beginsAfter: 8_000,
  },
  'ami-away': {
    meaning: 'Calls go on; a phone or trunk that comes or goes is noticed within five seconds instead of at once.',
    beginsAfter: 3_000,
  },
  'postgres-away': {
    meaning: 'Calls go on and their records wait on disk; lists, reports from apps and changes are answered 503.',
    beginsAfter: 1_000,
  },
  'redis-away': {
    meaning: 'Calls go on; agencies are rung and people told by the controllers themselves instead of by jobs.',
    beginsAfter: 1_000,
  },
  'journal-failing': {
    meaning: 'Calls go on, but their records may be lost if this process ends; what REST confirms is not certain.',
    beginsAfter: 0,
  },
  'journal-filling': {
    meaning: 'Calls go on; soon the disk is full, and then recordings stop and the journal cannot be written.',
    beginsAfter: 0,
  },
  'recordings-stopped': {
    meaning: 'Calls go on; new ones are not recorded, for the disk of the recordings has little room left.',
    beginsAfter: 0,
  },
  'records-behind': {
    meaning: 'Calls go on; lists, reports and timelines lack what happened last, which waits in the journal.',
    beginsAfter: 5_000,
  },
  'configuration-from-disk': {
    meaning:
      'Calls go on by the last rules, agencies, settings and tokens known here, which may have been changed since.',
    beginsAfter: 0,
  },
  overloaded: {
    meaning: 'New callers are left to another controller or to the human path, which rings every free phone.',
    beginsAfter: 0,
  },
  'stood-still': {
    meaning: 'This process stood still; callers with nobody on the line may have been taken over by the human path.',
    beginsAfter: 0,
  },
} as const satisfies Record<string, ModeRule>;

export type Mode = keyof typeof modes;

/** What a process sees of the modes it can be in; one that is not named it cannot be in. */
export type Seen = Readonly<Partial<Record<Mode, boolean>>>;

/** A mode that the process is in. */
export interface ModeNow {
  readonly mode: Mode;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly meaning: string;
}

const names: Readonly<Record<string, ModeRule>> = modes;

/** Whether there is a mode of this name. */
export const isMode = (name: string): name is Mode => name in names;
