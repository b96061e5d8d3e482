/** Which journal files are still needed: for records PostgreSQL has not got, or for the last state of a live call. */
export interface Segments {
  written(segment: string, callId: string | null, ended: boolean): void;
  projected(segment: string): void;
  knows(segment: string): boolean;
}

export function createSegments(drop: (segment: string) => void): Segments {
  const waiting = new Map<string, number>();
  const lastOfCall = new Map<string, string>();

  const dropIfDone = (segment: string): void => {
    if (waiting.get(segment) !== 0) return;
    for (const needed of lastOfCall.values()) if (needed === segment) return;
    // The file being written is kept by the journal itself, and counted on.
    drop(segment);
  };

  return {
    knows: (segment) => waiting.has(segment),
    written(segment, callId, ended) {
      waiting.set(segment, (waiting.get(segment) ?? 0) + 1);
      if (callId === null) return;
      const before = lastOfCall.get(callId);
      if (ended) lastOfCall.delete(callId);
      else lastOfCall.set(callId, segment);
      if (before !== undefined && before !== segment) dropIfDone(before);
    },
    projected(segment) {
      waiting.set(segment, Math.max(0, (waiting.get(segment) ?? 0) - 1));
      dropIfDone(segment);
    },
  };
}
