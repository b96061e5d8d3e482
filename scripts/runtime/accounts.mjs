// Who may use a stack and where it leads: tokens, operators with their SIP accounts, agencies whose trunks are here.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { mustRun } from './commands.mjs';
import { StepError } from './progress.mjs';
import { keepSecrets, readSecrets } from './secrets.mjs';
import { loopback, projectDirectory } from './settings.mjs';
import { waitUntil } from './wait.mjs';

const roles = ['admin', 'supervisor', 'operator', 'auditor', 'gateway'];

/** A caller of a stack's REST API: `api('GET', '/v1/agencies')` resolves with { status, headers, body }. */
export function apiClient(http, token) {
  return async (method, route, { body, headers = {}, expect } = {}) => {
    const response = await fetch(`${http}${route}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (expect && !expect.includes(response.status)) {
      throw new StepError({
        tried: `${method} ${route}`,
        happened: `it was answered ${response.status}: ${text.slice(0, 500)}`,
        next: "see the controller's log",
      });
    }
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  };
}

/** One token a role. Those of an earlier start are used again while they are still good. */
export async function ensureTokens({ directory, databaseUrl, http }) {
  const { tokens } = readSecrets(directory);
  if (tokens && (await isAccepted(http, tokens.admin))) return tokens;
  const made = {};
  for (const role of roles) made[role] = await createToken({ databaseUrl, role, name: 'stack' });
  keepSecrets(directory, { tokens: made });
  // A controller checks tokens in memory and hears of new ones a moment later.
  await waitUntil(() => isAccepted(http, made.admin), { what: 'have the new tokens accepted', limitSeconds: 10 });
  return made;
}

export async function createToken({ databaseUrl, role, name }) {
  const command = path.join(projectDirectory, 'dist/access/token-command.js');
  const { stdout } = await mustRun(process.execPath, [command, 'create', '--role', role, '--name', name, '--json'], {
    tried: `make a token for the role ${role}`,
    env: { ...process.env, SIAGA_DATABASE_URL: databaseUrl },
    limitSeconds: 30,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)).token;
}

async function isAccepted(http, token) {
  return (await apiClient(http, token)('GET', '/v1/agencies')).status === 200;
}

/**
 * Makes sure of `count` operators with SIP accounts. A password is told only when an account is made, so those of an
 * earlier start are remembered; an account whose password is lost is left alone and another one made.
 */
export async function ensureOperators({ api, directory, count }) {
  const remembered = readSecrets(directory).operators ?? [];
  const { body } = await api('GET', '/v1/operators', { expect: [200] });
  const operators = remembered.filter(({ id }) => body.items.some((operator) => operator.id === id));
  const taken = new Set(body.items.map(({ extension }) => extension));
  for (let extension = 101; operators.length < count; extension++) {
    if (taken.has(String(extension))) continue;
    operators.push(await createOperator(api, String(extension)));
    keepSecrets(directory, { operators });
  }
  return operators;
}

export async function createOperator(api, extension) {
  const created = await api('POST', '/v1/operators', {
    body: { name: `Operator ${extension}`, extension },
    expect: [200, 201],
  });
  const { id, sip } = created.body;
  return { id, extension, username: sip.username, password: sip.password };
}

/** The operator's token is that of a person: who has none of his own may hold, hand over or mute no call. */
export async function giveOperatorHisToken({ api, directory, tokens, operatorId }) {
  if (operatorId === undefined || readSecrets(directory).tokenOf === operatorId) return tokens;
  const body = { name: 'stack', role: 'operator', operatorId };
  const made = await api('POST', '/v1/tokens', { body, expect: [201] });
  const all = { ...tokens, operator: made.body.token };
  keepSecrets(directory, { tokens: all, tokenOf: operatorId });
  return all;
}

/** Agencies as the contract's stack.json has them. */
export async function listAgencies(api) {
  const { body } = await api('GET', '/v1/agencies', { expect: [200] });
  return body.items.map(({ id, trunks }) => ({ id, trunks: trunks.map(({ host, port }) => ({ host, port })) }));
}

/**
 * Leads every agency's trunks to ports on this machine, counted up from `firstPort`: a city profile names the real
 * agencies, and a stack that somebody tries out must never ring those.
 */
export async function pointTrunksHere({ api, firstPort }) {
  const { body } = await api('GET', '/v1/agencies', { expect: [200] });
  let port = firstPort;
  for (const { id, version, ...agency } of body.items) {
    const trunks = agency.trunks.map((trunk) => ({ ...trunk, host: loopback, port: port++, transport: 'udp' }));
    if (JSON.stringify(trunks) === JSON.stringify(agency.trunks)) continue;
    await api('PUT', `/v1/agencies/${id}`, {
      body: { ...agency, trunks },
      headers: { 'if-match': `"${version}"` },
      expect: [200],
    });
  }
}
