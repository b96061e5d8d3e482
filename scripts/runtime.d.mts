// Types of runtime.mjs, so that the tests' strict TypeScript can use it.

export interface Program {
  readonly command: string;
  /** Comes before your own arguments. */
  readonly args: readonly string[];
  readonly version: string;
  readonly source: 'PATH' | 'cache';
}

export interface Tools {
  readonly asterisk: Program & { readonly modulesDirectory: string; readonly dataDirectory: string };
  readonly redis: Program;
  readonly sipp: Program;
  readonly postgres: { readonly binDirectory: string; readonly major: number; readonly source: 'PATH' | 'npm' };
}

export interface Ports {
  readonly base: number;
  readonly postgres: number;
  readonly redis: number;
  readonly ari: number;
  readonly ami: number;
  readonly sip: number;
  readonly hep: number;
  readonly http: readonly number[];
  /** For phones, carriers and agencies of the holder. */
  readonly spare: { readonly first: number; readonly last: number };
  readonly rtp: { readonly first: number; readonly last: number };
  release(): void;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessHandle {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Null while it runs. */
  readonly ended: Ended | null;
  readonly exited: Promise<Ended>;
  kill(signal?: NodeJS.Signals): boolean;
  /** Asks it to stop, kills it after the limit, and resolves when it is gone. */
  stop(options?: { limitSeconds?: number }): Promise<void>;
}

export interface PostgresHandle extends ProcessHandle {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly dataDirectory: string;
}

export interface RedisHandle extends ProcessHandle {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

export interface AsteriskConnection {
  readonly node: string;
  readonly ari: { readonly url: string; readonly user: string; readonly password: string };
  readonly ami: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly sip: { readonly host: string; readonly port: number; readonly number: string };
  readonly hepPort: number;
  readonly recordingsDirectory: string;
  readonly celFile: string;
  /** Where it is written how long Asterisk's queues are; undefined of one that was there already. */
  readonly queuesFile?: string;
  /** Where it is written whether recordings are made; undefined of one that was there already. */
  readonly recordingFile?: string;
}

export interface AsteriskHandle extends ProcessHandle, AsteriskConnection {
  readonly runDirectory: string;
  readonly configFile: string;
  readonly ports: Ports;
}

export interface ControllerHandle extends ProcessHandle {
  readonly http: string;
  readonly port: number;
  readonly rank: number;
  readonly role: string;
}

export type Environment = Readonly<Record<string, string>>;

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export type ApiClient = (
  method: string,
  route: string,
  options?: { body?: unknown; headers?: Record<string, string>; expect?: number[] },
) => Promise<ApiAnswer>;

export interface OperatorAccount {
  readonly id: string;
  readonly extension: string;
  readonly username: string;
  readonly password: string;
}

/** The contract of .runtime/stack.json (DESIGN.md). */
export interface StackDescription {
  readonly http: string;
  readonly tokens: Readonly<Record<'admin' | 'supervisor' | 'operator' | 'auditor' | 'gateway', string>>;
  readonly sip: { readonly host: string; readonly port: number; readonly number: string };
  readonly operators: readonly OperatorAccount[];
  readonly agencies: readonly { id: string; trunks: readonly { host: string; port: number }[] }[];
  readonly postgres: string;
  readonly redis: string;
  readonly ari: { readonly url: string; readonly user: string; readonly password: string };
  readonly controllers: readonly { pid: number; http: string; application: string | null; rank: number }[];
  readonly workers: readonly { pid: number }[];
  /** Null for a server that existed already. */
  readonly pids: Readonly<Record<'asterisk' | 'postgres' | 'redis', number | null>>;
  readonly logs: string;
}

export interface Stack {
  readonly directory: string;
  readonly ports: Ports;
  readonly tools: Tools;
  readonly postgres: PostgresHandle;
  readonly redis: RedisHandle;
  readonly asterisk: AsteriskHandle;
  readonly controllers: readonly ControllerHandle[];
  readonly workers: readonly ControllerHandle[];
  /** With the admin token; only when accounts were made. */
  readonly api: ApiClient;
  readonly description: StackDescription;
  stop(): Promise<void>;
}

export class StepError extends Error {
  readonly tried: string;
  readonly happened: string;
  readonly next: string | undefined;
  constructor(answers: { tried: string; happened: string; next?: string; cause?: unknown });
}

/** Downloads are kept there, for the user. */
export function cacheDirectory(): string;
export function ensureNodeModules(): Promise<void>;
export function ensureBuild(): Promise<void>;
export function ensureTools(options?: { only?: readonly (keyof Tools)[] }): Promise<Tools>;

/** Finds and holds a block of free ports on loopback; with `exact`, SIAGA_PORT_BASE and no other. */
export function reservePorts(options?: { exact?: boolean }): Promise<Ports>;

export function startPostgres(options: {
  directory: string;
  tools: Pick<Tools, 'postgres'>;
  port: number;
  durable?: boolean;
  settings?: Environment;
}): Promise<PostgresHandle>;

export function startRedis(options: {
  directory: string;
  tools: Pick<Tools, 'redis'>;
  port: number;
  settings?: Environment;
}): Promise<RedisHandle>;

export function startAsterisk(options: {
  directory: string;
  tools: Pick<Tools, 'asterisk'>;
  /** One is reserved when left out, and released by stop(). */
  ports?: Ports;
  /** Overrides what asterisk-config/render.sh reads. */
  env?: Environment;
  node?: string;
  renderScript?: string;
}): Promise<AsteriskHandle>;

/** Runs a line on Asterisk's console and resolves with what it prints. */
export function asteriskCli(handle: AsteriskHandle, line: string, options?: { limitSeconds?: number }): Promise<string>;

export function migrateDatabase(databaseUrl: string): Promise<void>;

export function startController(options: {
  directory: string;
  asterisk: AsteriskConnection;
  databaseUrl: string;
  redisUrl: string;
  port: number;
  rank?: number;
  role?: 'all' | 'controller' | 'worker';
  city?: string;
  name?: string;
  stateDirectory?: string;
  program?: string;
  env?: Environment;
  limitSeconds?: number;
}): Promise<ControllerHandle>;

export function startProcess(options: {
  name: string;
  directory: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  stopSignal?: NodeJS.Signals;
}): Promise<ProcessHandle>;

export function startStack(options?: {
  directory?: string;
  city?: string;
  controllers?: number;
  workers?: number;
  operators?: number;
  accounts?: boolean;
  /** False: PostgreSQL does not wait for the disk. */
  durable?: boolean;
  asteriskEnv?: Environment;
  controllerEnv?: Environment;
  /** In place of dist/main.js. */
  controllerProgram?: string;
}): Promise<Stack>;

export function apiClient(http: string, token: string): ApiClient;
export function createToken(options: { databaseUrl: string; role: string; name: string }): Promise<string>;
export function createOperator(api: ApiClient, extension: string): Promise<OperatorAccount>;
export function pointTrunksHere(options: { api: ApiClient; firstPort: number }): Promise<void>;

export function waitUntil<T>(
  probe: () => T | Promise<T>,
  options: {
    what: string;
    limitSeconds: number;
    everyMilliseconds?: number;
    process?: ProcessHandle;
    next?: string;
  },
): Promise<NonNullable<T>>;
