import { z } from 'zod';
import type { AuditLater } from '../audit/later.ts';
import { roles } from '../platform/auth.ts';
import { notFound } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { language } from '../settings/line-setting.ts';
import type { WaitingLine } from './mailbox.ts';
import type { CallQueue } from './queue.ts';
import { queuePicture, type QueuePicture } from './picture.ts';

interface QueueRouteDeps {
  auditLater: AuditLater;
  line: WaitingLine;
  picture: () => QueuePicture;
  /** Tells the call; its place in the line follows. False when it is not here any more. */
  ranked: (callId: string, wish: RankWish) => boolean;
}

/** What a person wants for a call that waits. */
export interface RankWish {
  queue: Partial<Pick<CallQueue, 'priority' | 'skills' | 'languages'>>;
  by: string;
  reason: string;
}

/** /v1/queue. */
export function queueRoutes(deps: QueueRouteDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/queue',
      summary: 'Who waits, how long and why; how many operators are in each state; how callers were served',
      roles,
      input: {},
      response: { 200: queuePicture },
      handler: () => ({ status: 200, body: deps.picture() }),
    }),
    rankRoute(deps),
  ];
}

function rankRoute({ auditLater, line, picture, ranked }: QueueRouteDeps): Route {
  return defineRoute({
    method: 'PATCH',
    path: '/v1/queue/:callId',
    audited: ['queue.rank'],
    summary: 'Put a waiting call elsewhere than its queue would, until it is over',
    roles: ['supervisor', 'admin'],
    input: {
      params: z.object({ callId: z.uuid() }),
      body: z
        .strictObject({
          /** 1 is the first served; 112 is 3. */
          priority: z.number().int().min(1).max(9),
          skills: z.array(slug).max(10),
          languages: z.array(language).max(5),
        })
        .partial(),
    },
    response: { 200: queuePicture },
    handler: ({ params: { callId }, body, principal }) => {
      const { waiting, ringing } = line.snapshot();
      const waits = [...waiting, ...ringing].some((one) => one.callId === callId);
      const { priority, skills, languages } = body;
      const queue = { ...(priority && { priority }), ...(skills && { skills }), ...(languages && { languages }) };
      const wish = { queue, by: principal.operatorId ?? principal.tokenId, reason: 'asked for by a person' };
      if (!waits || !ranked(callId, wish)) {
        throw notFound('queue.unknown-call', `The call ${callId} does not wait.`);
      }
      auditLater({ principal, action: 'queue.rank', subject: `call/${callId}`, detail: { wish: body } });
      return { status: 200, body: picture() };
    },
  });
}
