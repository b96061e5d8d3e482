import { mayBeElsewhere, subjectOf, whomToAsk } from './whose.ts';
import type { Method } from './route.ts';

const id = '018f0000-0000-7000-8000-000000000001';
const of = (method: Method, path: string, params: Record<string, string> = {}, query: object = {}) =>
  subjectOf({ method, path }, params, query);

test.each<[Method, string, Record<string, string>, object]>([
  ['POST', '/v1/calls/:callId/hold', { callId: id }, { kind: 'call', id }],
  ['PATCH', '/v1/calls/:callId/parties/:partyId', { callId: id, partyId: 'x' }, { kind: 'call', id }],
  ['PATCH', '/v1/queue/:callId', { callId: id }, { kind: 'call', id }],
  ['POST', '/v1/incidents/:incidentId/dispatches', { incidentId: id }, { kind: 'incident', id }],
  ['GET', '/v1/dispatches/:dispatchId', { dispatchId: id }, { kind: 'dispatch', id }],
  ['POST', '/v1/outgoing-calls/:outgoingId/end', { outgoingId: id }, { kind: 'outgoing', id }],
  ['GET', '/v1/queue', {}, { kind: 'line' }],
  ['POST', '/v1/operators/:operatorId/state', { operatorId: id }, { kind: 'line' }],
])('%s %s is about what another controller may have', (method, path, params, subject) => {
  expect(of(method, path, params)).toEqual(subject);
  expect(mayBeElsewhere({ method, path })).toBe(true);
});

test.each<[Method, string, Record<string, string>]>([
  ['GET', '/v1/rules', {}],
  ['GET', '/v1/incidents', {}],
  ['PATCH', '/v1/operators/:operatorId', { operatorId: id }],
  ['POST', '/v1/callbacks/:callbackId/call', { callbackId: id }],
])('%s %s is any controller’s', (method, path, params) => {
  expect(of(method, path, params)).toBeNull();
  expect(mayBeElsewhere({ method, path })).toBe(false);
});

test('only the list of live calls is put together, and what is no id is nobody’s', () => {
  expect(of('GET', '/v1/calls', {}, { live: 'true' })).toEqual({ kind: 'live-calls' });
  expect(of('GET', '/v1/calls', {}, { live: 'false' })).toBeNull();
  expect(of('GET', '/v1/calls')).toBeNull();
  expect(of('GET', '/v1/calls/:callId', { callId: 'x' })).toBeNull();
});

test('of the line the leader is asked, then the next before this one; of a call all others', () => {
  const others = [2, 1, 0].map((rank) => ({ rank, socket: String(rank) }));
  expect(whomToAsk({ kind: 'line' }, 2, others).map(({ rank }) => rank)).toEqual([0, 1]);
  expect(whomToAsk({ kind: 'line' }, 0, others)).toEqual([]);
  expect(whomToAsk({ kind: 'call', id }, 1, others)).toEqual(others);
});
