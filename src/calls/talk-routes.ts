import { z } from 'zod';
import { writers, type Principal } from '../platform/auth.ts';
import { keyReused, replayed, requireKey } from '../platform/idempotency.ts';
import { derivedId, newId, timeOf } from '../platform/ids.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { plainText } from '../platform/text.ts';
import type { Call } from './call.ts';
import { isTalking } from './company.ts';
import type { CallInput } from './call-input.ts';
import { tellCall } from './command.ts';
import { byOf, commanded, type CommandRouteDeps } from './commanded.ts';
import { whyNoHold } from './decide-hold.ts';
import { whyNoParty } from './decide-party.ts';
import { partyPurposes, type PartyTarget } from './party.ts';
import type { LookUpOutside } from './target.ts';
import { callView, partyView, viewOfCall, viewOfParty, type CallView } from './view.ts';

export interface TalkRouteDeps extends CommandRouteDeps {
  /** Whom a number means: a colleague by his extension, or somebody outside. */
  lookUp: LookUpOutside;
}

const params = z.object({ callId: z.uuid() });
const partyParams = params.extend({ partyId: z.uuid() });
const purpose = z.enum(partyPurposes);
const partyBody = z.union(
  [
    z.strictObject({ purpose, operatorId: z.uuid() }),
    z.strictObject({ purpose, supervisor: z.literal(true) }),
    z.strictObject({ purpose, number: plainText(40) }),
  ],
  {
    error: `purpose (${partyPurposes.join(', ')}) is needed, and one of operatorId, supervisor: true, or number (an extension, or a number outside)`,
  },
);

/** What an operator can do while he talks: /v1/calls/{id}/hold, /resume, /mute and /parties. Live calls only. */
export function talkRoutes(deps: TalkRouteDeps): Route[] {
  return [
    commandRoute(deps, 'hold', 'Put the caller on hold: he hears music', (call) => refuseUnless(whyNoHold(call))),
    commandRoute(deps, 'resume', 'Take the caller off hold; who is consulted is let go', (call) => {
      if (call.hold === null) throw conflict('calls.not-on-hold', 'The caller is not on hold.');
    }),
    muteRoute(deps),
    createPartyRoute(deps),
    changePartyRoute(deps),
    endPartyRoute(deps),
  ];
}

function refuseUnless(reason: string | null): void {
  if (reason !== null) throw conflict('calls.not-now', `It cannot be done now: ${reason}.`);
}

/** Tells the call, and notes in the audit trail who did it. */
async function command(
  { runner, auditLater }: TalkRouteDeps,
  call: Call,
  principal: Principal,
  input: CallInput,
  detail: Record<string, string | boolean> = {},
): Promise<CallView> {
  await tellCall(runner, call.id, input, () =>
    auditLater({ principal, action: `calls.${input.type}`, subject: `call/${call.id}`, detail }),
  );
  return viewOfCall(runner.get(call.id) ?? call);
}

function commandRoute(
  deps: TalkRouteDeps,
  type: 'hold' | 'resume',
  summary: string,
  check: (call: Call) => void,
): Route {
  return defineRoute({
    method: 'POST',
    path: `/v1/calls/:callId/${type}`,
    audited: [`calls.${type}`],
    summary,
    roles: writers,
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, principal }) => {
      const call = commanded(deps, callId, principal);
      check(call);
      const input = { type, at: deps.clock.now(), by: byOf(principal) };
      return { status: 202, body: await command(deps, call, principal, input) };
    },
  });
}

function muteRoute(deps: TalkRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/mute',
    audited: ['calls.mute'],
    summary: 'Whether the others hear the operator',
    roles: writers,
    input: { params, body: z.strictObject({ muted: z.boolean() }) },
    response: { 202: callView },
    handler: async ({ params: { callId }, body: { muted }, principal }) => {
      const call = commanded(deps, callId, principal);
      const talks = call.operator?.state === 'joined' && (call.hold !== null || isTalking(call));
      refuseUnless(talks ? null : 'nobody talks with the caller');
      const by = byOf(principal);
      const input = { type: 'mute' as const, at: deps.clock.now(), muted, by };
      return { status: 202, body: await command(deps, call, principal, input, { muted }) };
    },
  });
}

function createPartyRoute(deps: TalkRouteDeps): Route {
  const { runner, clock, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/parties',
    audited: ['calls.party-requested'],
    summary:
      'Bring a colleague, a supervisor or somebody outside to the call: to consult, to confer, or to take it over',
    roles: writers,
    input: { params, body: partyBody },
    response: { 202: partyView },
    idempotency: 'derived',
    handler: async ({ params: { callId }, body, idempotencyKey, principal }) => {
      const call = commanded(deps, callId, principal);
      const at = clock.now();
      const by = byOf(principal);
      const partyId = idempotencyKey === undefined ? newId(at) : keyedId(principal, idempotencyKey, callId);
      // From here to the telling nothing is awaited: two requests with one key make one party.
      const earlier = call.parties.find((one) => one.id === partyId);
      if (earlier !== undefined) {
        if (!isSame(deps, earlier.target, body, by)) throw keyReused();
        return { status: 202, body: viewOfParty(earlier), headers: replayed };
      }
      if (call.asked.includes(partyId)) throw conflict('calls.party-ended', 'Who was asked for so has gone again.');
      // What is looked up counts as a call to the outside.
      refuseUnless(whyNoParty(call, body.purpose));
      const target = targetOf(deps, body, by);
      refuseUnless(whyNoParty(call, body.purpose, target));
      const { purpose: wanted } = body;
      const input = { type: 'party-requested', at, partyId, purpose: wanted, target, by } as const;
      const telling = tellCall(runner, callId, input, () => {
        if (made === undefined) return;
        const detail = { partyId, purpose: wanted };
        auditLater({ principal, action: 'calls.party-requested', subject: `call/${callId}`, detail });
      });
      // The call has decided by now, and the line as well; only the journal is waited for.
      const made = runner.get(callId)?.parties.find((one) => one.id === partyId);
      await telling;
      if (made === undefined) {
        throw conflict('calls.party-not-free', 'He cannot be rung now: away, busy, paused, or nobody is free.');
      }
      return { status: 202, body: viewOfParty(made) };
    },
  });
}

/** The id of the party that a key makes: a repeat finds the first one in the call, without PostgreSQL. */
function keyedId(principal: Principal, key: string, callId: string): string {
  requireKey(key);
  return derivedId('party', principal.tokenId, `${callId}|${key}`, timeOf(callId));
}

function targetOf(deps: TalkRouteDeps, body: z.output<typeof partyBody>, by: string): PartyTarget {
  if ('operatorId' in body) return { operatorId: body.operatorId };
  if ('supervisor' in body) return { tier: 'supervisor' };
  const found = deps.lookUp(body.number, by);
  if ('target' in found) return found.target;
  switch (found.refused) {
    case 'malformed':
      throw unprocessable('outgoing.number-malformed', 'That is neither an extension nor a telephone number.');
    case 'unknown-extension':
      throw unprocessable('operators.unknown', `There is no operator with the extension ${body.number}.`);
  }
  throw conflict('calls.number-refused', `This number may not be called from here now: ${found.refused}.`);
}

/** Whether this is the one who was asked for; what for, may have changed since. */
function isSame(deps: TalkRouteDeps, earlier: PartyTarget, body: z.output<typeof partyBody>, by: string): boolean {
  // A repeat is no second call to the outside.
  if ('number' in earlier && 'number' in body) return earlier.typed === body.number;
  return sameTarget(earlier, targetOf(deps, body, by));
}

function sameTarget(one: PartyTarget, other: PartyTarget): boolean {
  if ('operatorId' in one) return 'operatorId' in other && one.operatorId === other.operatorId;
  if ('tier' in one) return 'tier' in other;
  return 'number' in other && one.number === other.number;
}

function changePartyRoute(deps: TalkRouteDeps): Route {
  return defineRoute({
    method: 'PATCH',
    path: '/v1/calls/:callId/parties/:partyId',
    audited: ['calls.party-changed'],
    summary: 'Bring who is consulted together with the caller, or hand the call to him',
    roles: writers,
    input: { params: partyParams, body: z.strictObject({ purpose: z.enum(['conference', 'hand-over']) }) },
    response: { 202: callView },
    handler: async ({ params: { callId, partyId }, body, principal }) => {
      const call = commanded(deps, callId, principal);
      partyIn(call, partyId);
      const by = byOf(principal);
      const input = { type: 'party-changed' as const, at: deps.clock.now(), partyId, purpose: body.purpose, by };
      return { status: 202, body: await command(deps, call, principal, input, { partyId, purpose: body.purpose }) };
    },
  });
}

function endPartyRoute(deps: TalkRouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/calls/:callId/parties/:partyId',
    audited: ['calls.party-ended'],
    summary: 'Let somebody go who was brought to the call; after a consult the caller is back with his operator',
    roles: writers,
    input: { params: partyParams },
    response: { 202: callView },
    handler: async ({ params: { callId, partyId }, principal }) => {
      const call = commanded(deps, callId, principal);
      partyIn(call, partyId);
      const input = { type: 'party-ended' as const, at: deps.clock.now(), partyId, by: byOf(principal) };
      return { status: 202, body: await command(deps, call, principal, input, { partyId }) };
    },
  });
}

function partyIn(call: Call, partyId: string): void {
  if (call.parties.some((one) => one.id === partyId)) return;
  throw notFound('calls.party-unknown', `There is no party ${partyId} on this call.`);
}
