import type { WaitingLine } from '../acd/mailbox.ts';
import type { CheckPin } from '../acd/pin.ts';
import type { AuditLater } from '../audit/later.ts';
import type { DialledAtDesk } from '../outgoing/outgoing.ts';
import type { Principal } from '../platform/auth.ts';
import type { Dialled } from './codes.ts';
import type { DeskPrompt } from './decide-desk.ts';

/** What is asked of the line. */
export type DeskLine = Pick<WaitingLine, 'atDesk' | 'logIn' | 'logOut' | 'pause' | 'resume'>;

export interface CodeActions {
  line: () => DeskLine;
  checkPin: CheckPin;
  /** Closes the incident of the call that this person talked on last. */
  ghost: (principal: Principal & { operatorId: string }) => Promise<'done' | 'none'>;
  /** The channel is the other room's from now on: it audits the number and its outcome. */
  outgoing: (dialled: DialledAtDesk) => void;
  audit: AuditLater;
  /** `phone` is the account on which it was dialled. */
  told: (detail: {
    code: string;
    phone: string;
    operatorId: string | null;
    done: boolean;
    reason: string | null;
  }) => void;
}

/** `prompt` is what is said; null when the channel has another owner now. */
interface Outcome {
  operatorId: string | null;
  done: boolean;
  reason: string | null;
  prompt: DeskPrompt | null;
}

/**
 * Sees to what was dialled at a desk, audits it and tells of it. What is to be said comes back. Rejects when something it
 * needs is away; that is told as well.
 */
export async function carryOut(
  actions: CodeActions,
  desk: { channelId: string; account: string },
  dialled: Dialled,
): Promise<DeskPrompt | null> {
  const { code } = dialled;
  const { account: phone } = desk;
  try {
    const { operatorId, done, reason, prompt } = await outcomeOf(actions, desk, dialled);
    actions.told({ code, phone, operatorId, done, reason });
    return prompt;
  } catch (error) {
    actions.told({ code, phone, operatorId: null, done: false, reason: 'unavailable' });
    throw error;
  }
}

async function outcomeOf(
  actions: CodeActions,
  { channelId, account }: { channelId: string; account: string },
  dialled: Dialled,
): Promise<Outcome> {
  if (dialled.code === 'unknown') return refused(null, 'unknown-code', 'code-unknown');
  const line = actions.line();
  const at = line.atDesk(account);
  if (at === undefined) return refused(null, 'unknown-desk');
  if (dialled.code === 'log-in') return logIn(actions, at.desk.id, account, dialled);
  if (at.operator === null) return refused(null, 'nobody-logged-in');
  const { id: operatorId, name } = at.operator;
  const principal = personAt(account, operatorId, name);
  const done = (prompt: DeskPrompt, detail: Record<string, unknown> = {}): Outcome => {
    note(actions, principal, dialled.code, detail);
    return { operatorId, done: true, reason: null, prompt };
  };
  switch (dialled.code) {
    case 'log-out':
      return ['done', 'after-call'].includes(line.logOut(operatorId))
        ? done('logged-out')
        : refused(operatorId, 'not-possible');
    case 'available':
      return line.resume(operatorId) ? done('available') : refused(operatorId, 'not-possible');
    case 'pause':
      return line.pause(operatorId, dialled.reason)
        ? done('paused', { reason: dialled.reason })
        : refused(operatorId, 'not-possible');
    case 'ghost': {
      return (await actions.ghost(principal)) === 'done' ? done('done') : refused(operatorId, 'no-call');
    }
    case 'call': {
      actions.outgoing({ channelId, account, operatorId, number: dialled.number });
      return { operatorId, done: true, reason: null, prompt: null };
    }
  }
}

async function logIn(
  actions: CodeActions,
  deskId: string,
  account: string,
  { extension, pin }: Extract<Dialled, { code: 'log-in' }>,
): Promise<Outcome> {
  const answer = await actions.checkPin(extension, pin ?? '');
  if (!answer.right) {
    // Who tries to be somebody else is told by the phone: whose extension it is, and nothing of what was typed.
    actions.audit({
      principal: { tokenId: account, role: 'operator', name: account },
      action: 'desk.log-in-refused',
      subject: `desk/${deskId}`,
      detail: { operatorId: answer.operatorId, reason: answer.reason },
    });
    return refused(null, answer.reason, 'log-in-refused');
  }
  const { operatorId } = answer;
  const line = actions.line();
  const refusal = line.logIn(operatorId, deskId);
  if (refusal !== null) return refused(operatorId, refusal);
  note(actions, personAt(account, operatorId, line.atDesk(account)?.operator?.name ?? extension), 'log-in', { deskId });
  return { operatorId, done: true, reason: null, prompt: 'logged-in' };
}

function refused(operatorId: string | null, reason: string, prompt: DeskPrompt = 'code-refused'): Outcome {
  return { operatorId, done: false, reason, prompt };
}

/** A person acts by his phone: what stands for a token is the phone's account. */
function personAt(account: string, operatorId: string, name: string): Principal & { operatorId: string } {
  return { tokenId: account, role: 'operator', name, operatorId };
}

function note(
  { audit }: CodeActions,
  principal: Principal & { operatorId: string },
  code: string,
  detail: Record<string, unknown>,
): void {
  const { operatorId } = principal;
  audit({
    principal,
    action: `desk.${code}`,
    subject: `operator/${operatorId}`,
    detail: { ...detail, operatorId },
  });
}
