import { z } from 'zod';
import { confidential, mayKnow } from '../incidents/need-to-know.ts';
import { fitToSend, type NotificationMessage } from '../notifications/message.ts';
import { writers, type Principal } from '../platform/auth.ts';
import { replayed } from '../platform/idempotency.ts';
import { isUnavailable } from '../platform/postgres.ts';
import { conflict, notFound, unavailable } from '../platform/problem.ts';
import { definePage, defineRoute, type PageReply, type Route } from '../platform/route.ts';
import { isoTime, plainText } from '../platform/text.ts';
import { linkHours, readLink } from './link.ts';
import { crewPage, plainPage, type CrewTask } from './page.ts';
import { responderOf, responderView } from './responder-view.ts';
import { respond, type CrewDispatch, type RespondDeps } from './responders.ts';
import { responseState, type ResponseStep } from './response.ts';
import { readSteps } from './store.ts';

export interface ResponderRouteDeps extends RespondDeps {
  /** A dispatch of a live call or on record. */
  readonly find: (dispatchId: string) => Promise<CrewDispatch | undefined>;
  readonly about: (incidentId: string) => Promise<{ message: NotificationMessage } | undefined>;
  /** Undefined until it was read once. */
  readonly secret: () => string | undefined;
  /** The address of a new link; null where none are made. */
  readonly linkTo: (dispatchId: string) => { readonly url: string; readonly expiresAt: number } | null;
  readonly timeZone: () => string;
}

const params = z.object({ dispatchId: z.uuid() });

/** A dispatch's crew over REST, and its page. */
export function responderRoutes(deps: ResponderRouteDeps): Route[] {
  return [responderRoute(deps), linkRoute(deps), showRoute(deps), pressRoute(deps)];
}

async function known(deps: ResponderRouteDeps, dispatchId: string, principal: Principal): Promise<CrewDispatch> {
  const dispatch = await deps.find(dispatchId);
  if (dispatch === undefined) throw notFound('dispatches.unknown', `There is no dispatch ${dispatchId}.`);
  if (!mayKnow(principal, dispatch.circle)) throw confidential();
  return dispatch;
}

function responderRoute(deps: ResponderRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/dispatches/:dispatchId/responder',
    audited: ['dispatches.responder'],
    summary: 'Note how far the crew is that the agency sent: never back',
    roles: writers,
    input: { params, body: z.strictObject({ state: responseState, note: plainText(500).optional() }) },
    response: { 200: responderView },
    handler: async ({ params: { dispatchId }, body: { state, note = null }, principal }) => {
      const dispatch = await known(deps, dispatchId, principal);
      const outcome = await respond(deps, dispatch, { state, note, by: { principal } });
      switch (outcome.result) {
        case 'called-off':
          throw conflict('dispatches.called-off', 'This dispatch was cancelled.');
        case 'behind':
          throw conflict('responders.behind', `The crew is further: ${outcome.state}.`, { state: outcome.state });
        case 'same':
          return { status: 200, body: responderOf(outcome.steps), headers: replayed };
        case 'new':
          return { status: 200, body: responderOf(outcome.steps) };
      }
    },
  });
}

function linkRoute(deps: ResponderRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/dispatches/:dispatchId/responder-link',
    audited: ['dispatches.responder-link'],
    summary: `A link by which the crew says where it is, without a token, for ${linkHours} hours`,
    roles: writers,
    input: { params },
    response: { 200: z.object({ url: z.string(), expiresAt: z.string() }) },
    handler: async ({ params: { dispatchId }, principal }) => {
      await known(deps, dispatchId, principal);
      const link = deps.linkTo(dispatchId);
      if (link === null) {
        if (deps.secret() === undefined) throw unavailable('responders.no-key', 'The key for links is not known yet.');
        throw conflict(
          'responders.no-public-url',
          'Links are made once the setting publicUrl says where this centre is.',
        );
      }
      const subject = `dispatch/${dispatchId}`;
      await deps.audit(deps.postgres, { principal, action: 'dispatches.responder-link', subject });
      return { status: 200, body: { url: link.url, expiresAt: isoTime(link.expiresAt) } };
    },
  });
}

const path = '/r/:token';
const token = z.object({ token: z.string().max(200) });

/** The dispatch of a link, or the page that says why there is none. */
async function linked(
  deps: ResponderRouteDeps,
  signed: string,
): Promise<{ dispatch: CrewDispatch } | { refused: PageReply }> {
  const secret = deps.secret();
  if (secret === undefined) return { refused: away() };
  const read = readLink(secret, signed, deps.clock.now());
  if (read.link === 'expired') {
    return { refused: plainPage(410, 'Tautan ini sudah kedaluwarsa. Hubungi pusat 112.', 'This link has expired.') };
  }
  const dispatch = read.link === 'good' ? await deps.find(read.dispatchId) : undefined;
  if (dispatch === undefined) return { refused: plainPage(404, 'Tautan ini tidak berlaku.', 'There is no such link.') };
  return { dispatch };
}

function away(): PageReply {
  return plainPage(503, 'Coba lagi sebentar lagi, atau hubungi pusat 112.', 'Try again soon, or call the 112 centre.');
}

async function taskOf(
  deps: ResponderRouteDeps,
  dispatch: CrewDispatch,
  steps: readonly ResponseStep[],
): Promise<CrewTask> {
  const incident = await deps.about(dispatch.incidentId);
  return {
    agencyName: dispatch.agencyName,
    message: incident === undefined ? null : fitToSend(incident.message),
    calledOff: dispatch.state === 'cancelled',
    steps,
  };
}

/** What PostgreSQL cannot answer now is a page as well. */
async function orAway(work: () => Promise<PageReply>): Promise<PageReply> {
  try {
    return await work();
  } catch (error) {
    if (isUnavailable(error)) return away();
    throw error;
  }
}

function showRoute(deps: ResponderRouteDeps): Route {
  return definePage({
    method: 'GET',
    path,
    summary: "The page of a crew's link",
    input: { params: token },
    handler: ({ params: { token: signed } }) =>
      orAway(async () => {
        const found = await linked(deps, signed);
        if ('refused' in found) return found.refused;
        const { dispatch } = found;
        const steps = (await readSteps(deps.postgres, [dispatch.id])).get(dispatch.id) ?? [];
        return crewPage(200, await taskOf(deps, dispatch, steps), null, deps.timeZone());
      }),
  });
}

function pressRoute(deps: ResponderRouteDeps): Route {
  return definePage({
    method: 'POST',
    path,
    audited: { instead: "the incident's timeline says that it came by the link" },
    summary: "A button of the page of a crew's link",
    input: { params: token, body: z.unknown() },
    handler: ({ params: { token: signed }, body }) =>
      orAway(async () => {
        const found = await linked(deps, signed);
        if ('refused' in found) return found.refused;
        const { dispatch } = found;
        const form = new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '');
        const state = responseState.safeParse(form.get('state'));
        if (!state.success) return plainPage(400, 'Tombol tidak dikenal.', 'There is no such button.');
        const outcome = await respond(deps, dispatch, { state: state.data, note: null, by: 'link' });
        const steps = outcome.result === 'called-off' ? [] : outcome.steps;
        const task = await taskOf(deps, dispatch, steps);
        const notices = { new: 'Tercatat. / Noted.', same: 'Sudah tercatat. / Noted before.' } as const;
        if (outcome.result === 'new' || outcome.result === 'same') {
          return crewPage(200, task, notices[outcome.result], deps.timeZone());
        }
        return crewPage(409, task, 'Tidak dapat kembali. / It cannot go back.', deps.timeZone());
      }),
  });
}
