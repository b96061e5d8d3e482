import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { accepts, answers } from '../../scripts/sip/phone.mjs';
import { ariProxy, type AriProxy } from '../support/ari-proxy.ts';
import type { Centre } from '../support/centre.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

let centre: Centre;
let proxy: AriProxy;
const worker = { SIAGA_ROLE: 'worker' };

beforeAll(async () => {
  centre = await startCentre({
    name: 'worker-killed',
    operators: 1,
    controllerEnv: { SIAGA_ROLE: 'controller' },
    ari: async (url, node) => {
      proxy = await ariProxy(url, node);
      return proxy.url;
    },
  });
  await centre.operatorPhones(answers());
}, 60_000);
afterEach(() => centre.clear());
afterAll(async () => {
  await centre.stop();
  await proxy.close();
}, 30_000);

test('a worker is killed between the originate and its record: the agency is rung once, and has the caller', async () => {
  const killed = await centre.startController({ name: 'worker-1', env: worker });
  const phone = await centre.trunk('damkar-1', accepts({ after: 3_000, pressAfter: 200 }), 880);
  const other = await centre.trunk('damkar-2', accepts({ pressAfter: 200 }), 880);
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });

  // Asterisk rings, and the worker never hears so.
  const lost = proxy.misbehave({
    method: 'POST',
    path: /^\/channels\/[0-9a-f-]+\.a1(\?|$)/,
    fate: 'lose-answer',
    times: 1,
  });
  const answer = await centre.api.ask('POST', `/v1/incidents/${call.incidentId}/dispatches`, {
    body: { agencyId: 'damkar' },
  });
  expect(answer.status).toBe(202);
  const dispatchId = z.string().parse(answer.at('id'));
  await until('the agency is rung', () => phone.calls.length === 1 && lost.met() === 1);
  expect(killed.kill('SIGKILL')).toBe(true);
  const next = await centre.startController({ name: 'worker-2', env: worker });
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  const said = (): string => readFileSync(next.logFile, 'utf8');
  await until('the job was taken up again', () => said().includes(`${dispatchId}.a1`), 20_000);
  await until('it came too late to ring', () => said().includes('"ring":"expired"'), 20_000);
  expect([phone.calls.length, other.calls.length]).toEqual([1, 0]);
  expect((await centre.api.dispatch(dispatchId)).attempts).toHaveLength(1);
}, 60_000);

test('a worker is killed with the job in hand and nothing rung: the agency is rung once, in the next attempt', async () => {
  for (const one of centre.controllers.slice(1)) one.kill('SIGKILL');
  const killed = await centre.startController({ name: 'worker-3', env: worker });
  const phone = await centre.trunk('damkar-1', accepts({ after: 1_000, pressAfter: 200 }), 880);
  const other = await centre.trunk('damkar-2', accepts({ pressAfter: 200 }), 880);
  const before = phone.calls.length;
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });

  // The worker asks, and Asterisk never hears it.
  const lost = proxy.misbehave({
    method: 'POST',
    path: /^\/channels\/[0-9a-f-]+\.a1(\?|$)/,
    fate: 'swallow',
    times: 1,
  });
  const answer = await centre.api.ask('POST', `/v1/incidents/${call.incidentId}/dispatches`, {
    body: { agencyId: 'damkar' },
  });
  const dispatchId = z.string().parse(answer.at('id'));
  await until('the worker has the job', () => lost.met() === 1);
  expect(killed.kill('SIGKILL')).toBe(true);
  await centre.startController({ name: 'worker-4', env: worker });
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  const { attempts } = await centre.api.dispatch(dispatchId);
  expect(attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`)).toEqual([
    'damkar-1 job-lost',
    'damkar-1 null',
  ]);
  expect([phone.calls.length - before, other.calls.length]).toEqual([1, 0]);
}, 60_000);
