import { join } from 'node:path';
import { z } from 'zod';
import {
  asteriskCli,
  startController,
  type AsteriskConnection,
  type AsteriskHandle,
  type ControllerHandle,
  type Environment,
  type Ports,
  type Tools,
} from '../../scripts/runtime.mjs';
import type { Role } from '../../src/platform/auth.ts';
import type { SettingsPatch } from '../../src/settings/setting.ts';
import { CentreApi } from './centre-api.ts';
import { CentrePhones } from './centre-phones.ts';
import type { TestDatabase } from './database.ts';
import { followFeed, type Feed } from './feed.ts';
import { queuePrefix, redisUrl } from './redis.ts';
import { until } from './rest.ts';

export { carriers } from './centre-phones.ts';

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
  /** Servers of the test's own in place of the run's: URLs. */
  servers?: { redis?: string; postgres?: string };
}

/** A whole centre on one machine: Asterisk, a controller, operators with phones, agencies with trunks on loopback. */
export class Centre extends CentrePhones {
  readonly directory: string;
  readonly database: TestDatabase;
  readonly ports: Ports;
  readonly tools: Tools;
  asterisk: AsteriskHandle;
  readonly tokens: Record<Role, string>;
  readonly api: CentreApi;
  /** Asterisk as the controllers are told of it. */
  readonly connection: AsteriskConnection;
  controllers: ControllerHandle[] = [];
  #feed: Feed | undefined;
  readonly #options: CentreOptions;
  readonly #asteriskAgain: () => Promise<AsteriskHandle>;
  readonly #prefix = queuePrefix();

  constructor(
    options: CentreOptions,
    parts: Pick<Centre, 'directory' | 'database' | 'ports' | 'tools' | 'asterisk' | 'tokens' | 'connection'> & {
      asteriskAgain: () => Promise<AsteriskHandle>;
    },
  ) {
    super();
    this.#options = options;
    this.directory = parts.directory;
    this.database = parts.database;
    this.ports = parts.ports;
    this.tools = parts.tools;
    this.asterisk = parts.asterisk;
    this.#asteriskAgain = parts.asteriskAgain;
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
      redisUrl: this.#options.servers?.redis ?? redisUrl(),
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

  /** Kills Asterisk, as a machine does that is short of memory. */
  async killAsterisk(): Promise<void> {
    this.asterisk.kill('SIGKILL');
    await this.asterisk.exited;
  }

  /** Starts Asterisk again where it was, once it has ended. */
  async restartAsterisk(): Promise<void> {
    this.asterisk = await this.#asteriskAgain();
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

  /** The recording of what was sent to a channel, or of what came from it. */
  recording(channelId: string, what: 'heard' | 'said'): string {
    return join(this.asterisk.recordingsDirectory, `${channelId}-${what}.wav`);
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
    await this.citizensHangUp();
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

  /** After a test: ends what is left, waits until nothing of any call is there, and fails with what phones could not do. */
  async clear(): Promise<void> {
    await this.hangUpAll();
    await this.quiet();
    const complaints = this.complaints();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }

  async stop(): Promise<void> {
    this.#feed?.close();
    await this.stopListening();
    for (const controller of this.controllers) await controller.stop({ limitSeconds: 10 });
    await this.stopPhones();
    await this.asterisk.stop();
    this.ports.release();
    await this.api.close();
    await this.database.drop();
  }
}
