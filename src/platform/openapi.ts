import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { noContent, type Method, type Route } from './route.ts';
import { mayBeElsewhere } from './whose.ts';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    reference: z.string(),
    mayBeDone: z
      .boolean()
      .optional()
      .meta({ description: 'Of a 503: it was sent on, and nobody knows what came of it' }),
    faults: z
      .array(
        z.object({
          path: z.string(),
          message: z.string(),
          code: z.string().optional(),
          ruleId: z.string().nullable().optional().meta({ description: 'Of rules: whose it is; null: of none' }),
        }),
      )
      .optional(),
    total: z
      .number()
      .int()
      .optional()
      .meta({ description: 'How many faults there are, where only the first are listed' }),
  })
  .meta({ description: 'RFC 9457 problem details' });

/** What /readyz answers. */
export const healthSchema = z.object({
  ready: z.boolean().meta({ description: 'Whether this process can take calls now; a worker: jobs' }),
  parts: z
    .record(z.string(), z.string())
    .meta({ description: 'Each part by name, `up` or how it is not, at this moment' }),
  modes: z
    .array(
      z.object({
        mode: z.string(),
        since: z.iso.datetime(),
        meaning: z.string().meta({ description: 'What it means for callers' }),
      }),
    )
    .meta({ description: 'The degraded modes it is in, the longest first' }),
});

const methods: Record<Method, RouteConfig['method']> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  for (const route of routes) registry.registerPath(operation(route));
  registry.registerPath(readiness);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Siaga 112',
      version,
      description: 'Emergency calls, incidents, dispatches and the rules behind them. Errors are problem+json.',
    },
  });
}

const healthContent = { 'application/json': { schema: healthSchema } };
const readiness: RouteConfig = {
  method: 'get',
  path: '/readyz',
  summary: 'How this process is, and the degraded modes it is in',
  description: 'Public.',
  tags: ['general'],
  responses: {
    200: { description: 'It can take calls', content: healthContent },
    503: { description: 'It cannot', content: healthContent },
  },
};

const unreachable =
  'The controller of the node that has it does not answer (`controllers.unreachable`; `mayBeDone`: look before repeating it), or something that this needs is away';

function operation(route: Route): RouteConfig {
  const allowed = route.roles === 'public' ? 'Public.' : `Roles: ${route.roles.join(', ')}.`;
  const { params, query, body, headers } = route.input;
  const responses: RouteConfig['responses'] = {};
  for (const [status, schema] of Object.entries(route.response)) responses[status] = answer(route, status, schema);
  const problem = { 'application/problem+json': { schema: problemSchema } };
  responses['default'] = { description: 'A problem', content: problem };
  if (mayBeElsewhere(route)) responses[503] = { description: unreachable, content: problem };
  return {
    method: methods[route.method],
    path: route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}'),
    summary: route.summary,
    description: [allowed, ...(route.idempotency ? ['Takes Idempotency-Key.'] : []), ...audit(route)].join(' '),
    tags: [route.path.split('/')[2] ?? 'general'],
    ...(route.roles === 'public' ? {} : { security: [{ token: [] }] }),
    request: {
      ...(params instanceof z.ZodObject ? { params } : {}),
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(headers instanceof z.ZodObject ? { headers } : {}),
      ...(body ? { body: { content: contentOf(route.takes, body) } } : {}),
    },
    responses,
  };
}

function audit({ audited }: Route): string[] {
  if (audited === undefined) return [];
  return ['instead' in audited ? `Not in the audit trail: ${audited.instead}.` : `Audited as ${audited.join(', ')}.`];
}

function contentOf(takes: string | undefined, body: z.ZodType) {
  return takes === undefined ? { 'application/json': { schema: body } } : { [takes]: { schema: z.string() } };
}

function answer(route: Route, status: string, schema: z.ZodType): RouteConfig['responses'][string] {
  const description = `Answer ${status}`;
  if (schema === noContent) return { description };
  const type =
    route.kind === 'stream' ? (schema.meta()?.description ?? 'application/octet-stream') : 'application/json';
  return { description, content: { [type]: { schema } } };
}
