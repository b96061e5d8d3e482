import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { circleOfCall, confidential, mayKnow } from '../incidents/need-to-know.ts';
import { writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { keyReused, replayed, requireKey } from '../platform/idempotency.ts';
import { derivedId, newId, timeOf } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import { defineRoute, type AuthenticatedContext, type Route } from '../platform/route.ts';
import { isTalking, type Call } from './call.ts';
import type { CallInput } from './call-input.ts';
import { tellCall } from './command.ts';
import { whyNoHold } from './decide-hold.ts';
import { whyNoParty } from './decide-party.ts';
import { partyPurposes, type PartyTarget } from './party.ts';
import type { CallRunner } from './runner.ts';
import type { LookUpOutside } from './target.ts';
import { callView, partyView, viewOfCall, viewOfParty, type CallView } from './view.ts';

export interface TalkRouteDeps {
  runner: CallRunner;
  clock: Clock;
  postgres: Postgres;
  audit: RecordAudit;
  /** Whom a number means: a colleague by his extension, or somebody outside. */
  lookUp: LookUpOutside;
}

const params = z.object({ callId: z.uuid() });
const partyParams = params.extend({ partyId: z.uuid() });
const purpose = z.enum(partyPurposes);
const partyBody = z.union([
  z.strictObject({ purpose, operatorId: z.uuid() }),
  z.strictObject({ purpose, supervisor: z.literal(true) }),
  z.strictObject({ purpose, number: z.string().regex(/^\+?[0-9]{2,20}$/, 'digits') }),
]);

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

/**
 * The live call of a command, for somebody who may give it: an operator on the call that he is talking on, a supervisor
 * or an admin on any.
 */
function commanded({ runner }: TalkRouteDeps, callId: string, principal: Principal): Call {
  const call = runner.get(callId);
  if (call === undefined) throw notFound('calls.not-live', `There is no call ${callId} under way here.`);
  const own = principal.operatorId !== undefined && call.operator?.operatorId === principal.operatorId;
  if (principal.role === 'operator' && !own) {
    throw forbidden('calls.not-yours', "An operator's token commands the call that its operator talks on.");
  }
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  if (call.endedAt !== null) throw conflict('calls.ended', 'This call has ended.');
  return call;
}

function refuseUnless(reason: string | null): void {
  if (reason !== null) throw conflict('calls.not-now', `It cannot be done now: ${reason}.`);
}

const byOf = (principal: Principal): string => principal.operatorId ?? principal.tokenId;

/** What a person did on a live call is noted; a call waits for no PostgreSQL, and the log keeps what could not be. */
function note(
  { postgres, audit }: TalkRouteDeps,
  { principal, logger }: { principal: Principal; logger: Logger },
  action: string,
  callId: string,
  detail: Record<string, string | boolean> = {},
): void {
  audit(postgres, { principal, action, subject: `call/${callId}`, detail }).catch((error: unknown) =>
    logger.error(
      { err: error, tokenId: principal.tokenId, action, callId },
      'the audit trail could not note a command',
    ),
  );
}

async function command(
  deps: TalkRouteDeps,
  call: Call,
  context: AuthenticatedContext,
  input: CallInput,
  detail: Record<string, string | boolean> = {},
): Promise<CallView> {
  note(deps, context, `calls.${input.type}`, call.id, detail);
  await tellCall(deps.runner, call.id, input);
  return viewOfCall(deps.runner.get(call.id) ?? call);
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
    summary,
    roles: writers,
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, ...context }) => {
      const call = commanded(deps, callId, context.principal);
      check(call);
      const input = { type, at: deps.clock.now(), by: byOf(context.principal) };
      return { status: 202, body: await command(deps, call, context, input) };
    },
  });
}

function muteRoute(deps: TalkRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/mute',
    summary: 'Whether the others hear the operator',
    roles: writers,
    input: { params, body: z.strictObject({ muted: z.boolean() }) },
    response: { 202: callView },
    handler: async ({ params: { callId }, body: { muted }, ...context }) => {
      const call = commanded(deps, callId, context.principal);
      const talks = call.operator?.state === 'joined' && (call.hold !== null || isTalking(call));
      refuseUnless(talks ? null : 'nobody talks with the caller');
      const by = byOf(context.principal);
      const input = { type: 'mute' as const, at: deps.clock.now(), muted, by };
      return { status: 202, body: await command(deps, call, context, input, { muted }) };
    },
  });
}

function createPartyRoute(deps: TalkRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/parties',
    summary:
      'Bring a colleague, a supervisor or somebody outside to the call: to consult, to confer, or to take it over',
    roles: writers,
    input: { params, body: partyBody },
    response: { 202: partyView },
    idempotency: 'derived',
    handler: async ({ params: { callId }, body, idempotencyKey, ...context }) => {
      const { principal } = context;
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
      note(deps, context, 'calls.party-requested', callId, { partyId, purpose: body.purpose });
      const telling = tellCall(runner, callId, {
        type: 'party-requested',
        at,
        partyId,
        purpose: body.purpose,
        target,
        by,
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
    summary: 'Bring who is consulted together with the caller, or hand the call to him',
    roles: writers,
    input: { params: partyParams, body: z.strictObject({ purpose: z.enum(['conference', 'hand-over']) }) },
    response: { 202: callView },
    handler: async ({ params: { callId, partyId }, body, ...context }) => {
      const call = commanded(deps, callId, context.principal);
      partyIn(call, partyId);
      const by = byOf(context.principal);
      const input = { type: 'party-changed' as const, at: deps.clock.now(), partyId, purpose: body.purpose, by };
      return { status: 202, body: await command(deps, call, context, input, { partyId, purpose: body.purpose }) };
    },
  });
}

function endPartyRoute(deps: TalkRouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/calls/:callId/parties/:partyId',
    summary: 'Let somebody go who was brought to the call; after a consult the caller is back with his operator',
    roles: writers,
    input: { params: partyParams },
    response: { 202: callView },
    handler: async ({ params: { callId, partyId }, ...context }) => {
      const call = commanded(deps, callId, context.principal);
      partyIn(call, partyId);
      const input = { type: 'party-ended' as const, at: deps.clock.now(), partyId, by: byOf(context.principal) };
      return { status: 202, body: await command(deps, call, context, input, { partyId }) };
    },
  });
}

function partyIn(call: Call, partyId: string): void {
  if (call.parties.some((one) => one.id === partyId)) return;
  throw notFound('calls.party-unknown', `There is no party ${partyId} on this call.`);
}
