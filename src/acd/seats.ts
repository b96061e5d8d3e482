import { stateOf, type Desk, type Line, type Operator, type OperatorStatus } from './operator.ts';

/** Why somebody cannot log in. */
export type LogInRefusal = 'unknown-operator' | 'unknown-desk' | 'desk-taken' | 'engaged';

/** Who is at which desk: null if he may log in there. Where he is already he always may. */
export function whyNotLogIn(line: Line, operatorId: string, deskId: string): LogInRefusal | null {
  const status = line.operators[operatorId];
  if (status === undefined || status.deleted) return 'unknown-operator';
  const seat = line.desks[deskId];
  if (seat === undefined || seat.deleted) return 'unknown-desk';
  if (status.deskId === deskId) return null;
  if (personAt(line, deskId) !== null) return 'desk-taken';
  // A call stays on the phone where it is: he cannot walk away from it.
  return status.engaged === null ? null : 'engaged';
}

export function logIn(line: Line, input: { operatorId: string; deskId: string; at: number }): void {
  const status = line.operators[input.operatorId];
  if (status === undefined || whyNotLogIn(line, input.operatorId, input.deskId) !== null) return;
  status.leaving = false;
  if (status.deskId === input.deskId) return;
  status.deskId = input.deskId;
  status.paused = null;
  status.notBefore = null;
  status.unanswered = 0;
  status.idleSince = input.at;
}

/** In a call it takes effect when the call ends. */
export function logOut(line: Line, operatorId: string): void {
  const status = line.operators[operatorId];
  if (status?.deskId === undefined || status.deskId === null) return;
  if (status.engaged === null) stand(status);
  else status.leaving = true;
}

/** The desk's person; null if nobody is logged in there. */
export function personAt(line: Line, deskId: string): OperatorStatus | null {
  return Object.values(line.operators).find((status) => status.deskId === deskId) ?? null;
}

export function deskWith(line: Line, account: string): Desk | undefined {
  return Object.values(line.desks).find(({ desk }) => desk.account === account)?.desk;
}

/** Takes the list of people as it is now. */
export function listOperators(line: Line, listed: Operator[], at: number): void {
  const ids = new Set(listed.map((operator) => operator.id));
  for (const [id, status] of Object.entries(line.operators)) status.deleted = !ids.has(id);
  for (const operator of listed) {
    const known = line.operators[operator.id];
    if (known !== undefined) known.operator = operator;
    else line.operators[operator.id] = newStatus(operator, at);
  }
}

/** Takes the list of desks as it is now. */
export function listDesks(line: Line, listed: Desk[]): void {
  const ids = new Set(listed.map((desk) => desk.id));
  for (const [id, seat] of Object.entries(line.desks)) seat.deleted = !ids.has(id);
  for (const desk of listed) line.desks[desk.id] = { desk, deleted: false };
}

/** A phone was registered, or is not any more. Desks that are not known yet may have phones already. */
export function register(line: Line, input: { account: string; registered: boolean; at: number }): void {
  // Contacts of trunks are told as well.
  if (!input.account.startsWith('op-') || Object.hasOwn(line.registered, input.account) === input.registered) return;
  if (!input.registered) {
    Reflect.deleteProperty(line.registered, input.account);
    return;
  }
  line.registered[input.account] = true;
  const desk = deskWith(line, input.account);
  const person = desk === undefined ? null : personAt(line, desk.id);
  if (person !== null && stateOf(line, person) !== 'talking') person.idleSince = input.at;
}

/** A phone is in a call that the line gave nobody, or is not any more: then its person has been idle since. */
export function use(line: Line, { account, inUse, at }: { account: string; inUse: boolean; at: number }): void {
  if (!account.startsWith('op-') || Object.hasOwn(line.inUse, account) === inUse) return;
  if (inUse) {
    line.inUse[account] = at;
    return;
  }
  Reflect.deleteProperty(line.inUse, account);
  const desk = deskWith(line, account);
  const person = desk === undefined ? null : personAt(line, desk.id);
  if (person !== null && person.engaged === null) person.idleSince = at;
}

/** Ends what waited for calls to end: people who were to leave, and people and desks that were deleted. */
export function clearSeats(line: Line): void {
  for (const [id, status] of Object.entries(line.operators)) {
    if (status.engaged !== null) continue;
    if (status.deleted) Reflect.deleteProperty(line.operators, id);
    else if (status.leaving) stand(status);
  }
  for (const [id, { desk, deleted }] of Object.entries(line.desks)) {
    if (!deleted) continue;
    const person = personAt(line, id);
    if (person !== null && person.engaged !== null) continue;
    if (person !== null) stand(person);
    Reflect.deleteProperty(line.desks, id);
    Reflect.deleteProperty(line.registered, desk.account);
    Reflect.deleteProperty(line.inUse, desk.account);
  }
}

function stand(status: OperatorStatus): void {
  status.deskId = null;
  status.leaving = false;
  status.paused = null;
  status.wrapUpUntil = null;
}

function newStatus(operator: Operator, at: number): OperatorStatus {
  return {
    operator,
    deskId: null,
    leaving: false,
    deleted: false,
    paused: null,
    engaged: null,
    wrapUpUntil: null,
    notBefore: null,
    unanswered: 0,
    idleSince: at,
    since: at,
  };
}
