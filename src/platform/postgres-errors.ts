import { codeOf, isError } from './errors.ts';

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a Unix socket that is not there
]);
/** Shutting down, starting, too many connections, statement or lock timeout, a standby that takes no writes. */
const sqlStates = /^(08...|57P0[1-5]|57014|53300|55P03|25006|25P03)$/;
const driverMessages =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|timeout expired|Client has encountered a connection error|not queryable/i;

/** Whether PostgreSQL could not be reached or could not answer in time, rather than refused the statement. */
export function isUnavailable(error: unknown): boolean {
  if (!isError(error)) return false;
  // A host name with several addresses fails with one error for each.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.some(isUnavailable)) return true;
  const code = codeOf(error) ?? '';
  return networkCodes.has(code) || sqlStates.test(code) || driverMessages.test(error.message);
}

/** The constraint that a statement violated, if that is what happened. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!isError(error) || !('constraint' in error) || !codeOf(error)?.startsWith('23')) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}
