import { EventEmitter } from 'node:events';

/** How to run SIPp 3.8 or newer: a command with the arguments that come before SIPp's own. */
export interface SippCommand {
  command: string;
  args?: readonly string[];
}

export interface Server {
  host: string;
  port: number;
}

export interface Account {
  username: string;
  password: string;
}

export declare class SipMessage {
  constructor(text: string, about?: { at?: number; sent?: boolean });
  readonly text: string;
  readonly start: string;
  readonly body: string;
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** Milliseconds since 1970, with SIPp's microseconds as fraction. */
  readonly at: number;
  readonly sent: boolean;
  readonly headers: [string, string][];
  readonly callId: string | undefined;
  readonly cseq: number;
  readonly about: string | undefined;
  header(name: string): string | undefined;
  all(name: string): string[];
}

export interface SipAddress {
  name: string;
  user: string;
  host: string;
  tag: string | undefined;
}
export declare function parseAddress(value?: string): SipAddress;

/** `accepted` is the 200 to the INVITE, `answered` the ACK to it. `info` is one received, `info-sent` one sent. */
export type CallEventName =
  | 'invited'
  | 'trying'
  | 'ringing'
  | 'progress'
  | 'accepted'
  | 'answered'
  | 'failed'
  | 'cancelled'
  | 'reinvited'
  | 'request-answered'
  | 'info'
  | 'info-sent'
  | 'refer'
  | 'notify'
  | 'update'
  | 'options'
  | 'bye-sent'
  | 'bye-received'
  | 'ended';

export interface CallEvent {
  name: CallEventName;
  at: number;
  message: SipMessage;
}

export type CallTime =
  'invite' | 'trying' | 'ringing' | 'progress' | 'answered' | 'confirmed' | 'failed' | 'cancel' | 'bye' | 'ended';

export interface Wait {
  /** Milliseconds. */
  within?: number;
}

export declare class CallEnded extends Error {}

export declare class Call extends EventEmitter {
  readonly phone: Party;
  readonly incoming: boolean;
  readonly callId: string;
  readonly invite: SipMessage;
  /** Who calls, as the phone displays it. */
  readonly from: SipAddress;
  /** When the INVITE, the first 180, the 200 (`answered`), its ACK (`confirmed`), … were sent or received. */
  readonly times: Partial<Record<CallTime, number>>;
  readonly events: CallEvent[];
  readonly messages: SipMessage[];
  /** Final status of the INVITE. */
  readonly status: number | undefined;
  readonly ended: boolean;
  readonly endedBy: 'us' | 'them' | undefined;
  header(name: string): string | undefined;
  /** Milliseconds from one of the times to another. */
  span(from: CallTime, to: CallTime): number | undefined;
  /** The `count`th event of that name, also one that has passed; rejects at its limit or when the call ends first. */
  waitFor(name: CallEventName, options?: Wait & { count?: number }): Promise<CallEvent>;
  /** For behaviours: some milliseconds, or CallEnded. */
  pause(ms: number): Promise<void>;
  trying(): Promise<CallEvent>;
  ring(): Promise<CallEvent>;
  progress(): Promise<CallEvent>;
  answer(): Promise<CallEvent>;
  reject(status?: RejectStatus): Promise<CallEvent>;
  /** Sends the phone's tone from now on. */
  play(): Promise<void>;
  pauseAudio(): Promise<void>;
  resumeAudio(): Promise<void>;
  /** A key as SIP INFO (application/dtmf-relay). */
  press(digit: string): Promise<CallEvent>;
  hold(): Promise<CallEvent>;
  unhold(): Promise<CallEvent>;
  /** The softphone's blind transfer: `<sip:…>`. */
  refer(target: string): Promise<CallEvent>;
  /** BYE, CANCEL or a refusal, whichever fits; resolves when the call has ended. */
  hangUp(options?: Wait): Promise<CallEvent>;
  cancel(): Promise<CallEvent>;
  /** BYE before the answer. */
  byeEarly(): Promise<CallEvent>;
  /** What came and went, one message a line. */
  story(): string;
}

export type RejectStatus = 404 | 480 | 486 | 488 | 500 | 503 | 603;

export interface Process {
  readonly pid: number;
  readonly folder: string;
  readonly exited: Promise<ProcessEnd>;
  readonly end: ProcessEnd | undefined;
}
export interface ProcessEnd {
  code?: number | null;
  signal?: NodeJS.Signals | null;
  error?: string;
}

export declare class Party extends EventEmitter {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  readonly sipp: Process;
  readonly calls: Call[];
  /** Errors that a behaviour threw while its call was up. */
  readonly behaviourErrors: unknown[];
  complaints(): string;
  /** The next call that no earlier waitForCall has returned. */
  waitForCall(options?: Wait): Promise<Call>;
  stop(options?: Wait): Promise<ProcessEnd>;
  /** SIGKILL: as if its plug were pulled. */
  kill(): Promise<ProcessEnd>;
}

export type Behaviour = (call: Call, phone: Phone) => unknown;

export declare class Phone extends Party {
  readonly accounts: readonly Account[];
  /** What the phone does with its next calls. */
  behave(behaviour: Behaviour): this;
  /** After stop() or kill() only. */
  unregister(): Promise<void>;
}

export interface PartyOptions {
  sipp: SippCommand;
  /** Loopback address to speak from, default 127.0.0.1. */
  address?: string;
  /** SIP port, default a free one. */
  port?: number;
  /** Working folder (tones, message trace, errors), default a new one under the system's temporary folder. */
  folder?: string;
  /** Hertz; 0 is silence (RTP flows, nothing is said). Default 660, for citizens 440. */
  tone?: number;
  /** dB of full scale, default -12. */
  level?: number;
  law?: 'ulaw' | 'alaw';
  /** Seconds after which the process ends by itself, default 900. */
  lifetime?: number;
  name?: string;
}

export interface PhoneOptions extends PartyOptions {
  behaviour?: Behaviour;
  /** Registered from this phone's port before it listens; needs `server`. */
  accounts?: readonly Account[];
  server?: Server;
}

export declare function startPhone(options: PhoneOptions): Promise<Phone>;
export declare function registerPhone(
  options: Omit<PhoneOptions, 'accounts'> & Account & { server: Server; localPort?: number },
): Promise<Phone>;

export interface Digit {
  digit: string;
  /** Milliseconds after the answer. */
  after?: number;
}

export interface AnswerOptions {
  /** Milliseconds of ringing. */
  after?: number;
  ring?: boolean;
  /** false: sends no RTP at all. */
  audio?: boolean;
  digits?: readonly Digit[];
  /** Milliseconds after the answer. */
  hangUpAfter?: number;
}
export declare function answers(options?: AnswerOptions): Behaviour;
export declare function accepts(options?: AnswerOptions & { digit?: string; pressAfter?: number }): Behaviour;
export declare function rings(): Behaviour;
export declare function trying(): Behaviour;
export declare function ignores(): Behaviour;
export declare function rejects(status?: RejectStatus, options?: { after?: number; ring?: boolean }): Behaviour;

export interface CitizenOptions extends PartyOptions {
  server: Server;
  /** User part of From; '' leaves the URI's user empty (see fromUri). */
  from?: string;
  displayName?: string;
  /** The whole URI of From. */
  fromUri?: string;
  to?: string;
  /** The whole request URI. */
  target?: string;
  /** Whole raw header lines. */
  headers?: readonly string[];
  assertedIdentity?: string;
  accessNetwork?: string;
  imei?: string;
  callInfo?: string;
  /** Further body parts beside the SDP: the body becomes multipart/mixed. */
  parts?: readonly { type: string; headers?: readonly string[]; body: string }[];
  bodyType?: string;
  audio?: boolean;
  digits?: readonly Digit[];
  hangUpAfter?: number;
  cancelAfter?: number;
  behaviour?: (call: Call) => unknown;
  within?: number;
}
/** Resolves when the INVITE is out. The process (`call.phone`) ends with the call. */
export declare function placeCall(options: CitizenOptions): Promise<Call>;

export interface Spread {
  count: number;
  p50: number | undefined;
  p99: number | undefined;
  max: number | undefined;
}
export interface CrowdStatistics {
  created: number;
  successful: number;
  failed: number;
  current: number;
  retransmissions: number;
  /** Milliseconds from the INVITE to the first 180, and to the 200. */
  ringing: Spread;
  answer: Spread;
  /** Of each call, milliseconds from the INVITE to the 200. */
  answers: number[];
}
export interface CrowdOptions extends PartyOptions {
  server: Server;
  calls: number;
  /** Per second. */
  rate?: number;
  /** Milliseconds. */
  holdFor?: number;
  atOnce?: number;
  to?: string;
  /** Prefix of the callers' numbers; the call's number in the process follows. */
  from?: string;
  headers?: readonly string[];
  logs?: boolean;
}
export interface Crowd {
  readonly pid: number;
  readonly folder: string;
  readonly finished: Promise<CrowdStatistics & { exit: ProcessEnd; complaints: string }>;
  progress(): CrowdStatistics;
  stop(options?: Wait): Promise<ProcessEnd>;
}
export declare function startCrowd(options: CrowdOptions): Promise<Crowd>;

export interface Answerer {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
  readonly folder: string;
  complaints(): string;
  stop(options?: Wait): Promise<ProcessEnd>;
}
export declare function startAnswerer(
  options: PartyOptions & {
    accounts?: readonly Account[];
    server?: Server;
    /** Milliseconds. */
    answerAfter?: number;
    /** Milliseconds. */
    talkFor?: number;
    logs?: boolean;
  },
): Promise<Answerer>;

export declare function freePort(address?: string): Promise<number>;

export interface RawOptions {
  host?: string;
  port: number;
  /** `{address}`, `{port}` and `{branch}` are filled in; a Buffer goes out as it is. */
  message: string | Uint8Array;
  address?: string;
  localPort?: number;
  /** Milliseconds to listen at most, default 1000. */
  within?: number;
  until?: (reply: SipMessage) => boolean;
  acknowledge?: boolean;
}
export declare function sendRaw(
  options: RawOptions,
): Promise<{ replies: SipMessage[]; final: SipMessage | undefined; sentAt: number }>;

export declare function inviteText(options?: {
  uri?: string;
  from?: string;
  to?: string;
  headers?: readonly string[];
  callId?: string;
  contentType?: string;
  body?: string;
}): string;

export declare function register(
  options: Account & { server: Server; address?: string; port: number; expires?: number; within?: number },
): Promise<SipMessage>;
