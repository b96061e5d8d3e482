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
  await until(
    'the job was taken up again',
    () => readFileSync(next.logFile, 'utf8').includes(`${dispatchId}.a1`),
    20_000,
  );
  expect(readFileSync(next.logFile, 'utf8')).toContain('"ring":"expired"');
  expect([phone.calls.length, other.calls.length]).toEqual([1, 0]);
  expect((await centre.api.dispatch(dispatchId)).attempts).toHaveLength(1);
}, 60_000);
