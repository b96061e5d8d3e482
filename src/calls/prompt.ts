/** What the caller hears while nobody talks to him. */
export interface Sound {
  id: string;
  name: Prompt | 'music';
}

export type Prompt =
  | 'greeting'
  | 'challenge'
  | 'please-wait'
  | 'operator-lost'
  | 'position-1'
  | 'position-2'
  | 'position-3'
  | 'position-4'
  | 'position-5'
  | 'position-many'
  | 'wait-short'
  | 'wait-minutes'
  | 'silent-question'
  | 'silent-kinds'
  | 'silent-noted'
  | 'assist-announcement'
  | 'on-hold'
  | OperatorPrompt;

/** What is said to an operator alone, about what he asked for. */
export type OperatorPrompt = 'done' | 'code-unknown' | 'code-refused' | 'number-refused' | 'agency-unreachable';
