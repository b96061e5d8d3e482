import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { accepts, answers } from '../../scripts/sip/phone.mjs';
import { ariProxy, type AriProxy, type Fate } from '../support/ari-proxy.ts';
import type { Centre } from '../support/centre.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

let centre: Centre;
let proxy: AriProxy;

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

const startWorker = (name: string) => centre.startController({ name, env: { SIAGA_ROLE: 'worker' } });

/**
 * A citizen talks with the operator, a worker has the job of ringing the fire brigade, and its originate meets its fate.
 * `rung` is how often the brigade's first trunk and its second were rung since.
 */
async function engage(worker: string, fate: Fate, after: number) {
  const killed = await startWorker(worker);
  const first = await centre.trunk('damkar-1', accepts({ after, pressAfter: 200 }), 880);
  const second = await centre.trunk('damkar-2', accepts({ pressAfter: 200 }), 880);
  const counts = (): number[] => [first.calls.length, second.calls.length];
  const before = counts();
  const call = await centre.api.taken(await centre.dial());
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  const { met } = proxy.misbehave({ method: 'POST', path: /^\/channels\/[0-9a-f-]+\.a1(\?|$)/, fate, times: 1 });
  const path = `/v1/incidents/${call.incidentId}/dispatches`;
  const answer = await centre.api.ask('POST', path, { body: { agencyId: 'damkar' } });
  expect(answer.status).toBe(202);
  const dispatchId = z.string().parse(answer.at('id'));
  await until('the worker has the job', () => met() === 1);
  const rung = (): number[] => counts().map((count, trunk) => count - (before[trunk] ?? 0));
  return { dispatchId, killed, rung };
}

test('a worker is killed between the originate and its record: the agency is rung once, and has the caller', async () => {
  // Asterisk rings, and the worker never hears so.
  const { dispatchId, killed, rung } = await engage('worker-1', 'lose-answer', 3_000);
  await until('the agency is rung', () => rung()[0] === 1);
  expect(killed.kill('SIGKILL')).toBe(true);
  const next = await startWorker('worker-2');
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  const said = (): string => readFileSync(next.logFile, 'utf8');
  await until('the job was taken up again', () => said().includes(`${dispatchId}.a1`), 20_000);
  await until('it came too late to ring', () => said().includes('"ring":"expired"'), 20_000);
  expect(rung()).toEqual([1, 0]);
  expect((await centre.api.dispatch(dispatchId)).attempts).toHaveLength(1);
}, 60_000);

test('a worker is killed with the job in hand and nothing rung: the agency is rung once, in the next attempt', async () => {
  for (const one of centre.controllers.slice(1)) one.kill('SIGKILL');
  // The worker asks, and Asterisk never hears it.
  const { dispatchId, killed, rung } = await engage('worker-3', 'swallow', 1_000);
  expect(killed.kill('SIGKILL')).toBe(true);
  await startWorker('worker-4');
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  const { attempts } = await centre.api.dispatch(dispatchId);
  expect(attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`)).toEqual([
    'damkar-1 job-lost',
    'damkar-1 null',
  ]);
  expect(rung()).toEqual([1, 0]);
}, 60_000);
