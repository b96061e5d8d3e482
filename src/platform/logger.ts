import { isError } from './errors.ts';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** What may never stand in a log: who called, from where, and anything that opens a door. */
const secretKeys = new Set([
  'caller',
  'callernumber',
  'callername',
  'number',
  'phonenumber',
  'position',
  'latitude',
  'longitude',
  'location',
  'uri',
  'requesturi',
  'source',
  'sipcallid',
  'headers',
  'token',
  'password',
  'secret',
  'authorization',
  'cookie',
]);
const hidden = '[hidden]';
const maxDepth = 6;

function hide(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= maxDepth) return '[deeper]';
  if (Array.isArray(value)) return value.map((item: unknown) => hide(item, depth + 1));
  if (isError(value)) return hideError(value, depth);
  const shown: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    shown[key] = secretKeys.has(key.toLowerCase()) ? hidden : hide(entry, depth + 1);
  }
  return shown;
}

function hideError(error: Error, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack };
  if ('code' in error) shown['code'] = error.code;
  if (error.cause !== undefined) shown['cause'] = hide(error.cause, depth + 1);
  return shown;
}

/**
 * A pino logger that hides numbers, positions, tokens and passwords at any depth of what is logged.
 * Only values under such a key are hidden: never put a number into a message text.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => hide(error, 0), error: (error: unknown) => hide(error, 0) },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (entry: Record<string, unknown>) => {
        const shown: Record<string, unknown> = {};
        for (const [key, value] of Object.entries(entry)) {
          if (secretKeys.has(key.toLowerCase())) shown[key] = hidden;
          // Requests and responses have serializers of their own; walking them here would be costly.
          else shown[key] = key === 'req' || key === 'res' ? value : hide(value, 0);
        }
        return shown;
      },
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
