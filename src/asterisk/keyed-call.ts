/** A telephone on which somebody keys, from the claim to the hang-up, or until it is handed on. Plain JSON. */
export interface KeyedCall {
  readonly channelId: string;
  /** `over`: nothing is left to do. */
  readonly stage: string;
  /** Epoch milliseconds: when the stage ends by itself, and the whole. */
  readonly stageEndsAt: number;
  readonly endsAt: number;
}

/** What happens on such a telephone. */
export type KeyedInput =
  | { type: 'key-pressed'; at: number; key: string }
  | { type: 'sound-ended'; at: number; soundId: string }
  | { type: 'timer'; at: number }
  | { type: 'gone'; at: number };

/** What is done on it; `Work` is what its owner sees to. */
export type KeyedEffect<Work> =
  | { do: 'answer' }
  | { do: 'play'; prompt: string; soundId: string }
  | { do: 'stop-sound'; soundId: string }
  | { do: 'hang-up' }
  /** The channel goes back to the dialplan. */
  | { do: 'hand-on'; context: string; extension: string }
  | { do: 'carry-out'; work: Work };
