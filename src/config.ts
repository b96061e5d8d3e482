import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535);
const address = (protocols: string[]) =>
  z
    .url()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `an address with ${protocols.join(' or ')}`,
    );

/** Everything the environment must or may say. Secrets can be given as NAME_FILE instead: the file's content. */
const environment = z.object({
  SIAGA_NODE: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'a-z, 0-9 and dashes, 32 at most')
    .default('n1'),
  SIAGA_ROLE: z.enum(['all', 'controller', 'worker']).default('all'),
  SIAGA_RANK: z.coerce.number().int().min(0).max(9).default(0),
  SIAGA_CITY: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('pekanbaru'),
  SIAGA_DATABASE_URL: address(['postgres:', 'postgresql:']),
  SIAGA_REDIS_URL: address(['redis:', 'rediss:']),
  SIAGA_QUEUE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .default('siaga'),
  SIAGA_ARI_URL: address(['http:', 'https:']),
  SIAGA_ARI_USER: z.string().min(1),
  SIAGA_ARI_PASSWORD: z.string().min(8, 'at least 8 characters'),
  SIAGA_AMI_HOST: z.string().min(1).default('127.0.0.1'),
  SIAGA_AMI_PORT: port.default(5038),
  SIAGA_AMI_USER: z.string().min(1),
  SIAGA_AMI_PASSWORD: z.string().min(8, 'at least 8 characters'),
  SIAGA_HEP_HOST: z.string().default('127.0.0.1'),
  SIAGA_HEP_PORT: port.default(9060),
  SIAGA_HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  SIAGA_HTTP_PORT: port.default(8112),
  SIAGA_TRUST_PROXY: z.string().optional(),
  /** Where phones register: what a desk's account is told. */
  SIAGA_SIP_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:[\]-]{1,253}$/, 'a host name or address')
    .default('127.0.0.1'),
  SIAGA_SIP_PORT: port.default(5060),
  SIAGA_SIP_TLS_PORT: port.default(5061),
  SIAGA_STATE_DIR: z.string().min(1),
  SIAGA_CEL_FILE: z.string().optional(),
  /** Where Asterisk's side writes how long its queues are (watch-queues.sh). */
  SIAGA_ASTERISK_QUEUES_FILE: z.string().optional(),
  /** Where Asterisk's side writes whether recordings are made (watch-recordings.sh). */
  SIAGA_RECORDING_FILE: z.string().optional(),
  /** Less room than that on the disk of the state folder is little. */
  SIAGA_DISK_LOW_MEGABYTES: z.coerce.number().int().min(0).default(500),
  /** The mail server that notifications go by; without it nobody is told by e-mail. */
  SIAGA_SMTP_URL: address(['smtp:', 'smtps:']).optional(),
  /** Who mails; `siaga-112@` the setting `domain` unless given. */
  SIAGA_MAIL_FROM: z.email().optional(),
  SIAGA_AML_KEY: z.string().min(3, 'at least 3 characters').optional(),
  SIAGA_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SIAGA_STOP_SECONDS: z.coerce.number().int().min(0).max(3_600).default(30),
});

/** The settings of a process, checked. */
export type Config = z.output<typeof environment>;

/** Every fault of the environment at once: a start that fails twice for two typing errors wakes somebody twice. */
export class ConfigError extends Error {
  readonly faults: string[];
  constructor(faults: string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * Reads the settings from the environment. `readFile` is asked for NAME_FILE.
 * @throws ConfigError with every fault, the setting's name in front of each.
 */
export function readConfig(env: Record<string, string | undefined>, readFile: (path: string) => string): Config {
  const given: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of Object.keys(environment.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value !== undefined && value !== '') given[name] = value;
    else if (file !== undefined) {
      try {
        given[name] = readFile(file).trim();
      } catch (error) {
        faults.push(`${name}_FILE: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  for (const name of Object.keys(env)) {
    const known = name in environment.shape || name.replace(/_FILE$/, '') in environment.shape || foreign.has(name);
    if (name.startsWith('SIAGA_') && !known) {
      faults.push(`${name}: there is no such setting (a typing error?)`);
    }
  }
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      faults.push(`${name}: ${given[name] === undefined ? 'is not set' : issue.message}`);
    }
  }
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return parsed.data;
}

/** Settings of the scripts around, which may stand in the same environment. */
const foreign = new Set([
  'SIAGA_CACHE_DIR',
  'SIAGA_CONTROLLERS',
  'SIAGA_DEBIAN_MIRROR',
  'SIAGA_FORCE_DOWNLOAD',
  'SIAGA_PORT_BASE',
  'SIAGA_RUNTIME_DIR',
  'SIAGA_SIP_NUMBER',
  'SIAGA_RECORDINGS_DIR',
  'SIAGA_TEST_DATABASE_URL',
  'SIAGA_TEST_REDIS_URL',
  'SIAGA_TEST_TOOLS',
]);
