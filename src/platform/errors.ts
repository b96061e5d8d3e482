import { types } from 'node:util';

/** Whether it is an error, wherever it was made: `instanceof` fails for errors from another realm (vm, Jest). */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** The `code` of an error of Node, pg or a library, if it has one. */
export function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What to say of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!isError(error)) return String(error);
  // A host name with several addresses fails with one error for each, and with no message of its own.
  if (error.message === '' && 'errors' in error && Array.isArray(error.errors)) {
    return error.errors.map(messageOf).join('; ');
  }
  return error.message;
}
