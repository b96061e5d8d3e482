/**
 * What is known of whether a caller can be heard. That somebody begins and ceases to speak is told by Asterisk; that his
 * packets stopped in mid-speech, or never came, is told by nobody and has to be looked for. Times in epoch milliseconds.
 */
export interface Silence {
  /** When he was last heard, or since when he could have been. */
  since: number;
  heardAt: number | null;
  /** The latest count of packets that came from him; null before the first. */
  packets: number | null;
  packetsMovedAt: number | null;
  /** Whether more had come at the latest count than at the one before; null before the first. */
  arriving: boolean | null;
  /** When they were last asked for, and whether the answer is still to come. */
  lookedAt: number | null;
  looking: boolean;
  /** Asterisk said that he began to speak, and not that he ceased. */
  talking: boolean;
  /** Asterisk listens for speech: null before it was told to, false if it did not take it. */
  detecting: boolean | null;
  /** In what he is listened to. */
  watched: 'waiting' | 'talking' | null;
  /** It was told that he is silent, and not yet that he is heard again. */
  silent: boolean;
  question: SilentQuestion | null;
  /** Questions that the line asked by itself. */
  askedByLine: number;
}

/** The question to a silent caller for a key. */
export interface SilentQuestion {
  askedAt: number;
  /** A token or an operator; `line` if nobody told it to. */
  by: string;
  stage: 'question' | 'kinds' | 'done';
  /** How often the prompt of this stage may still be repeated. */
  repeats: number;
  /** What he hears of it beside a conversation; null when it has ended, and for a caller who waits. */
  sound: string | null;
  /** Those of earlier questions are among them. */
  answers: SilentAnswer[];
}

export interface SilentAnswer {
  key: string;
  at: number;
  meaning: string;
  /** The kind of incident it suggests. It classifies nothing: that is for a person. */
  kind: string | null;
}

/** What the keys mean once a caller has been asked, as the prompts say it; the kinds are those of the routing rules. */
export const silentKeys: ReadonlyMap<string, { meaning: string; kind: string | null }> = new Map([
  ['1', { meaning: 'yes', kind: null }],
  ['2', { meaning: 'no', kind: null }],
  ['3', { meaning: 'police', kind: 'crime' }],
  ['4', { meaning: 'ambulance', kind: 'medical' }],
  ['5', { meaning: 'fire-brigade', kind: 'fire' }],
]);

/** Of a caller of whom nothing was heard yet. */
export function unheard(since: number): Silence {
  return {
    since,
    heardAt: null,
    packets: null,
    packetsMovedAt: null,
    arriving: null,
    lookedAt: null,
    looking: false,
    talking: false,
    detecting: null,
    watched: null,
    silent: false,
    question: null,
    askedByLine: 0,
  };
}

/** Whether packets come from him, as far as it is known. */
export function packetsOf({ arriving }: Silence): 'arriving' | 'none' | 'unknown' {
  if (arriving === null) return 'unknown';
  return arriving ? 'arriving' : 'none';
}
