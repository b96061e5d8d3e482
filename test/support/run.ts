import { z } from 'zod';
import type { Tools } from '../../scripts/runtime.mjs';

const program = z.object({
  command: z.string(),
  args: z.array(z.string()),
  version: z.string(),
  source: z.enum(['PATH', 'cache']),
});
const toolsSchema = z.object({
  asterisk: program.extend({ modulesDirectory: z.string(), dataDirectory: z.string() }),
  redis: program,
  sipp: program,
  postgres: z.object({ binDirectory: z.string(), major: z.number(), source: z.enum(['PATH', 'npm']) }),
}) satisfies z.ZodType<Tools>;

/** A variable that npm test sets. */
function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: run the tests with npm test, which sets up what they need.`);
  }
  return value;
}

/** The programs that this run found or brought. */
export function toolsOfRun(): Tools {
  return toolsSchema.parse(JSON.parse(required('SIAGA_TEST_TOOLS')));
}

/** Where everything that this run writes lies; it is removed when the run was good. */
export function directoryOfRun(): string {
  return required('SIAGA_TEST_DIR');
}
