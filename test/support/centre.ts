import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  asteriskCli,
  startController,
  type AsteriskConnection,
  type AsteriskHandle,
  type ControllerHandle,
  type Environment,
  type OperatorAccount,
  type Ports,
  type Tools,
} from '../../scripts/runtime.mjs';
import { afterAwake } from '../../scripts/sip/awake.mjs';
import {
  placeCall,
  startPhone,
  type Behaviour,
  type Call,
  type CitizenOptions,
  type Phone,
} from '../../scripts/sip/phone.mjs';
import type { Role } from '../../src/platform/auth.ts';
import type { SettingsPatch } from '../../src/settings/setting.ts';
import type { TestDatabase } from './database.ts';
import { followFeed, type Feed } from './feed.ts';
import { queuePrefix, redisUrl } from './redis.ts';
import { CentreApi } from './centre-api.ts';
import { LineCaller, Media } from './line-caller.ts';
import { until } from './rest.ts';

export interface CentreOptions {
  /** Short name of the test file, for its folder below the run's. */
  name: string;
  operators?: number;
  /** Over settings whose times are as short as they may be. */
  settings?: SettingsPatch;
  /** What asterisk-config/render.sh reads. */
  asteriskEnv?: Environment;
  /** Adds to or overrides what every controller is told. */
  controllerEnv?: Environment;
  /** Puts something between the controllers and Asterisk: gets its address and its name, answers the address to use. */
  ari?: (url: string, node: string) => Promise<string>;
}

/** A carrier of its own address, as Asterisk knows it (`carrier-NAME`). */
export const carriers = { telkom: '127.0.11.2', seluler: '127.0.11.3' };

/** A whole centre on one machine: Asterisk, a controller, operators with phones, agencies with trunks on loopback. */
export class Centre {
  readonly directory: string;
  readonly database: TestDatabase;
  readonly ports: Ports;
  readonly tools: Tools;
  readonly asterisk: AsteriskHandle;
  readonly tokens: Record<Role, string>;
  readonly api: CentreApi;
  /** Asterisk as the controllers are told of it. */
  readonly connection: AsteriskConnection;
  controllers: ControllerHandle[] = [];
  operators: OperatorAccount[] = [];
  /** One for each operator, in their order, once `operatorPhones` has run. */
  readonly phones: Phone[] = [];
  #feed: Feed | undefined;
  readonly #trunks = new Map<string, Phone>();
  readonly #citizens: Call[] = [];
  readonly #lineCallers: LineCaller[] = [];
  #media: Media | undefined;
  readonly #options: CentreOptions;
  readonly #prefix = queuePrefix();

  constructor(
    options: CentreOptions,
    parts: Pick<Centre, 'directory' | 'database' | 'ports' | 'tools' | 'asterisk' | 'tokens' | 'connection'>,
  ) {
    this.#options = options;
    this.directory = parts.directory;
    this.database = parts.database;
    this.ports = parts.ports;
    this.tools = parts.tools;
    this.asterisk = parts.asterisk;
    this.tokens = parts.tokens;
    this.connection = parts.connection;
    this.api = new CentreApi({ base: () => this.base, tokens: parts.tokens, databaseUrl: parts.database.url });
  }

  /** Address of the first controller that lives. */
  get base(): string {
    const alive = this.controllers.find((controller) => controller.ended === null) ?? this.controllers[0];
    if (alive === undefined) throw new Error('no controller was started');
    return alive.http;
  }

  /** The live feed of the first controller. */
  get feed(): Feed {
    if (this.#feed === undefined) throw new Error('the feed is followed once a controller runs');
    return this.#feed;
  }

  /** Starts one more controller; the first leads (rank 0). */
  async startController(options: { rank?: number; env?: Environment; name?: string } = {}): Promise<ControllerHandle> {
    const index = this.controllers.length;
    const rank = options.rank ?? index;
    // Ports of the block are few; one that a dead controller had is free again.
    const taken = this.controllers.filter(({ ended }) => ended === null).map(({ port }) => port);
    const port = this.ports.http.find((one) => !taken.includes(one));
    if (port === undefined) throw new Error('a block has room for four controllers');
    const controller = await startController({
      directory: this.directory,
      asterisk: this.connection,
      databaseUrl: this.database.url,
      redisUrl: redisUrl(),
      port,
      rank,
      name: options.name ?? `controller-${index}`,
      env: {
        SIAGA_QUEUE_PREFIX: this.#prefix,
        SIAGA_STOP_SECONDS: '1',
        ...this.#options.controllerEnv,
        ...options.env,
      },
    });
    this.controllers.push(controller);
    return controller;
  }

  /** Follows the feed of the controller that `base` names, anew if it was followed before. */
  async follow(): Promise<Feed> {
    this.#feed?.close();
    this.#feed = await followFeed(this.base, this.tokens.admin);
    return this.#feed;
  }

  /** Runs a line on Asterisk's console. */
  cli(line: string): Promise<string> {
    return asteriskCli(this.asterisk, line);
  }

  /** Asks ARI itself, past whatever stands in between. */
  async ari(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const { url, user, password } = this.asterisk.ari;
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const response = await fetch(`${url}/ari/${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** Names of the channels that are up, but for the guardian's. */
  async channels(): Promise<string[]> {
    const listed = z
      .array(z.object({ id: z.string(), name: z.string() }))
      .parse((await this.ari('GET', 'channels')).body);
    return listed.filter(({ name }) => !name.startsWith('Local/s@guardian')).map(({ id, name }) => `${name} ${id}`);
  }

  /** Starts the operators' phones, registered; each with the tone given for it, 660 Hz otherwise. */
  async operatorPhones(behaviour: Behaviour, tones: readonly number[] = []): Promise<readonly Phone[]> {
    for (const [index, operator] of this.operators.entries()) {
      if (this.phones[index] !== undefined) continue;
      this.phones.push(await this.registerOperator(operator, behaviour, tones[index] ?? 660));
      // One after the other: the first to be free has been free the longest.
      await this.api.operatorIs(operator.id, 'available');
    }
    return this.phones;
  }

  async registerOperator(
    { username, password, extension }: OperatorAccount,
    behaviour: Behaviour,
    tone = 660,
  ): Promise<Phone> {
    await this.#keepRegistered(username);
    return startPhone({
      sipp: this.tools.sipp,
      server: this.asterisk.sip,
      accounts: [{ username, password }],
      folder: await this.folder(`operator-${extension}`),
      name: `operator ${extension}`,
      behaviour,
      tone,
    });
  }

  /** SIPp does not register again: two minutes later every operator would have left his desk. */
  async #keepRegistered(username: string): Promise<void> {
    const path = `asterisk/config/dynamic/res_pjsip/aor/${username}`;
    const field = { attribute: 'maximum_expiration', value: '3600' };
    const fields = z.array(z.object({ attribute: z.string(), value: z.string() }));
    const there = fields.parse((await this.ari('GET', path)).body);
    // Written while a phone is registered, it would keep that phone's address for ever.
    if (there.some(({ attribute, value }) => attribute === field.attribute && value === field.value)) return;
    await this.ari('PUT', path, { fields: [field] });
  }

  /** The phone at an agency's trunk, which is started when first asked for, and does from now on what is given. */
  async trunk(trunkId: string, behaviour: Behaviour, tone = 880): Promise<Phone> {
    const known = this.#trunks.get(trunkId);
    if (known !== undefined) return known.behave(behaviour);
    const { items } = await this.api.get(
      '/v1/trunks',
      z.object({ items: z.array(z.object({ id: z.string(), host: z.string(), port: z.number() })) }),
    );
    const trunk = items.find(({ id }) => id === trunkId);
    if (trunk === undefined) throw new Error(`there is no trunk ${trunkId}`);
    const phone = await startPhone({
      sipp: this.tools.sipp,
      folder: await this.folder(trunkId),
      name: trunkId,
      address: trunk.host,
      port: trunk.port,
      behaviour,
      tone,
    });
    this.#trunks.set(trunkId, phone);
    return phone;
  }

  /** The next call that comes to a phone after this is asked. */
  upcoming(phone: Phone, within = 10_000): Promise<Call> {
    const call = new Promise<Call>((resolve, reject) => {
      const cancel = afterAwake(within, () => {
        phone.off('call', take);
        reject(new Error(`no call came to ${phone.name} within ${within} ms\n${phone.complaints()}`));
      });
      const take = (call: Call): void => {
        cancel();
        resolve(call);
      };
      phone.once('call', take);
    });
    // Whoever waits for it hears of it; a test that failed before does not need to.
    call.catch(() => undefined);
    return call;
  }

  /** A citizen dials 112, over the first carrier unless said otherwise. */
  async dial(options: Partial<CitizenOptions> = {}): Promise<Call> {
    const call = await placeCall({
      sipp: this.tools.sipp,
      server: this.asterisk.sip,
      address: carriers.telkom,
      folder: await this.folder(`citizen-${this.#citizens.length + 1}`),
      ...options,
    });
    this.#citizens.push(call);
    return call;
  }

  /** A citizen who listens to what really comes over the wire; on the line when it returns. */
  async dialLine(tone: number, options: Partial<Parameters<typeof LineCaller.open>[1]> = {}): Promise<LineCaller> {
    const caller = await this.#line(options);
    await caller.talk(tone);
    return caller;
  }

  /** Somebody dials on an operator's phone; answered when it returns. */
  async dialAtDesk({ username, password }: OperatorAccount, dials: string, tone = 0): Promise<LineCaller> {
    const caller = await this.#line({ address: '127.0.0.1', account: { username, password }, dials });
    await caller.talk(tone);
    return caller;
  }

  async #line(options: Partial<Parameters<typeof LineCaller.open>[1]>): Promise<LineCaller> {
    this.#media ??= new Media();
    const caller = await LineCaller.open(this.#media, {
      server: this.asterisk.sip,
      address: carriers.telkom,
      ...options,
    });
    this.#lineCallers.push(caller);
    return caller;
  }

  /** The recording of what was sent to a channel, or of what came from it. */
  recording(channelId: string, what: 'heard' | 'said'): string {
    return join(this.asterisk.recordingsDirectory, `${channelId}-${what}.wav`);
  }

  /** A folder below the centre's. */
  async folder(name: string): Promise<string> {
    const folder = join(this.directory, 'phones', name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Ends every call that a phone or a caller of ours still holds. */
  async hangUpAll(): Promise<void> {
    for (const caller of this.#lineCallers.splice(0)) {
      if (!caller.ended) await caller.hangUp().catch(() => undefined);
      caller.close();
    }
    const phones = [...this.phones, ...this.#trunks.values()];
    for (const call of [...this.#citizens, ...phones.flatMap((phone) => phone.calls)]) {
      if (!call.ended) await call.hangUp().catch(() => undefined);
    }
  }

  /** Waits until Asterisk has no channel but its guardian's; ends those that stay, and fails with their names. */
  async noChannelLeft(within: number): Promise<void> {
    let left: string[] = [];
    const empty = async (): Promise<boolean> => (left = await this.channels()).length === 0;
    await until('no channel is left', empty, within).catch(async (error: unknown) => {
      const found = left;
      // The next test has a right to a clean start.
      await this.cli('channel request hangup all');
      await until('the rest is gone', empty, within);
      throw new Error(`${String(error)}: ${found.join(', ')}`);
    });
  }

  /** Ends what citizens still hold, and waits until nothing of any call is left: no channel, no bridge, nobody busy. */
  async quiet(within = 10_000): Promise<void> {
    for (const call of this.#citizens) if (!call.ended) await call.hangUp().catch(() => undefined);
    let left = '';
    const empty = async (): Promise<boolean> => {
      const channels = await this.channels();
      const bridges = z.array(z.object({ id: z.string() })).parse((await this.ari('GET', 'bridges')).body);
      const live = await this.api.get('/v1/calls?live=true', z.object({ items: z.array(z.unknown()) }));
      const queue = await this.api.get('/v1/queue', z.object({ operators: z.record(z.string(), z.number()) }));
      const { ringing = 0, talking = 0, 'wrap-up': wrapUp = 0 } = queue.operators;
      left = `channels ${channels.join(', ')}; ${bridges.length} bridges; ${live.items.length} live calls; ${ringing} ringing, ${talking} talking, ${wrapUp} in wrap-up`;
      return channels.length + bridges.length + live.items.length + ringing + talking + wrapUp === 0;
    };
    try {
      await until('the centre is quiet', empty, within);
    } catch {
      const found = left;
      // The next test has a right to a clean start.
      for (const channel of await this.channels()) await this.ari('DELETE', `channels/${channel.split(' ')[1]}`);
      await until('the rest is gone', empty, within);
      throw new Error(`still there after ${within} ms: ${found}`);
    }
  }

  /** What behaviours of phones could not do: the reason of many a failure. */
  complaints(): string[] {
    return [...this.phones, ...this.#trunks.values()].flatMap((phone) =>
      phone.behaviourErrors.splice(0).map((error) => `${phone.name}: ${String(error)}`),
    );
  }

  async stop(): Promise<void> {
    this.#feed?.close();
    await this.#media?.stop();
    for (const controller of this.controllers) await controller.stop({ limitSeconds: 10 });
    const sipp = [...this.phones, ...this.#trunks.values(), ...this.#citizens.map(({ phone }) => phone)];
    await Promise.allSettled(sipp.map((phone) => phone.stop()));
    await this.asterisk.stop();
    this.ports.release();
    await this.api.close();
    await this.database.drop();
  }
}
