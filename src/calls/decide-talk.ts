// What an operator, or somebody for him, wants while he talks, by the file that decides it.

import type { CallInput } from './call-input.ts';
import { hold, mute, resume } from './decide-hold.ts';
import { changeParty, endParty, requestParty } from './decide-party.ts';
import { heldByPhone } from './decide-phone-hold.ts';
import { promptOperator, tell, type Step } from './step.ts';

type Wanted = Extract<
  CallInput,
  {
    type:
      | 'hold'
      | 'resume'
      | 'mute'
      | 'held-by-phone'
      | 'party-requested'
      | 'party-refused'
      | 'party-changed'
      | 'party-ended';
  }
>;

/** What an operator, or somebody for him, wants while he talks. */
export function whileTalking(step: Step, input: Wanted): void {
  switch (input.type) {
    case 'hold':
      hold(step, input.by);
      return;
    case 'resume':
      return resume(step, input.by);
    case 'mute':
      return mute(step, input.muted, input.by);
    case 'held-by-phone':
      return heldByPhone(step, input.channelId, input.held);
    case 'party-requested':
      return requestParty(step, input);
    case 'party-refused':
      tell(step, 'party.refused', { purpose: input.purpose, reason: input.reason, by: input.by });
      return promptOperator(step, 'number-refused');
    case 'party-changed':
      return changeParty(step, input);
    case 'party-ended':
      return endParty(step, input.partyId, input.by);
  }
}
