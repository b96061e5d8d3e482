import type { QueueSetting } from '../settings/line-setting.ts';

/** The queue of the waiting line that a call is in, and what it needs. */
export interface CallQueue {
  id: string;
  /** 1 is served first, 9 last. */
  priority: number;
  /** What its operator has to be able to do. */
  skills: string[];
  /** Languages of RFC 5646, of which its operator has to speak every one. */
  languages: string[];
}

/** 112's own queue: every call that is in no other. */
export const emergencyQueue: CallQueue = { id: '112', priority: 3, skills: [], languages: [] };

/** The queue of a call to this number: the user part of its request URI, as the dialplan noted it. */
export function queueOf(dialled: string | null, queues: readonly QueueSetting[]): CallQueue {
  const queue = queues.find(({ numbers }) => dialled !== null && numbers.includes(dialled));
  if (queue === undefined) return structuredClone(emergencyQueue);
  const { id, priority, skills, languages } = queue;
  return { id, priority, skills: [...skills], languages: [...languages] };
}

/** What an operator lacks of what a call needs. */
export function missing(
  operator: { skills: readonly string[]; languages: readonly string[] },
  needed: { skills?: readonly string[] | undefined; languages?: readonly string[] | undefined },
): string[] {
  return [
    ...(needed.skills ?? []).filter((skill) => !operator.skills.includes(skill)),
    ...(needed.languages ?? []).filter((language) => !operator.languages.includes(language)),
  ];
}
