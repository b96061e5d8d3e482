import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AsteriskHandle, OperatorAccount, Tools } from '../../scripts/runtime.mjs';
import { afterAwake } from '../../scripts/sip/awake.mjs';
import {
  placeCall,
  startPhone,
  type Behaviour,
  type Call,
  type CitizenOptions,
  type Phone,
  type Server,
} from '../../scripts/sip/phone.mjs';
import type { CentreApi } from './centre-api.ts';
import { LineCaller, Media } from './line-caller.ts';

/** A carrier of its own address, as Asterisk knows it (`carrier-NAME`). */
export const carriers = { telkom: '127.0.11.2', seluler: '127.0.11.3' };

/** Everybody with a telephone: operators at their desks, citizens, agencies at their trunks, whoever is called outside. */
export abstract class CentrePhones {
  abstract readonly directory: string;
  abstract readonly tools: Tools;
  abstract readonly asterisk: AsteriskHandle;
  abstract readonly api: CentreApi;
  operators: OperatorAccount[] = [];
  /** One for each operator, in their order, once `operatorPhones` has run. */
  readonly phones: Phone[] = [];
  readonly #trunks = new Map<string, Phone>();
  readonly #outside: Phone[] = [];
  readonly #citizens: Call[] = [];
  readonly #lineCallers: LineCaller[] = [];
  #media: Media | undefined;

  abstract ari(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }>;

  /** The phone of the operator of that index, which was started. */
  phoneOf(index: number): Phone {
    const phone = this.phones[index];
    if (phone === undefined) throw new Error(`operator ${index} has no phone`);
    return phone;
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

  /** Where an agency's exchange is to be. */
  async trunkAddress(trunkId: string): Promise<Server> {
    const { items } = await this.api.get(
      '/v1/trunks',
      z.object({
        items: z.array(z.object({ id: z.string(), host: z.string().optional(), port: z.number().optional() })),
      }),
    );
    const trunk = items.find(({ id }) => id === trunkId);
    if (trunk?.host === undefined || trunk.port === undefined) throw new Error(`there is no SIP trunk ${trunkId}`);
    return { host: trunk.host, port: trunk.port };
  }

  /** The phone at an agency's trunk, which is started when first asked for, and does from now on what is given. */
  async trunk(trunkId: string, behaviour: Behaviour, tone = 880): Promise<Phone> {
    const known = this.#trunks.get(trunkId);
    if (known !== undefined) return known.behave(behaviour);
    const { host, port } = await this.trunkAddress(trunkId);
    const phone = await startPhone({
      sipp: this.tools.sipp,
      folder: await this.folder(trunkId),
      name: trunkId,
      address: host,
      port,
      behaviour,
      tone,
    });
    this.#trunks.set(trunkId, phone);
    return phone;
  }

  /**
   * Starts the phone at the trunk to the outside, to which the settings point from now on: whomever operators call there
   * answers here. It does nothing until it is told, unless a behaviour is given.
   */
  async outsidePhone({ tone, behaviour }: { tone: number; behaviour?: Behaviour }): Promise<Phone> {
    const phone = await startPhone({
      sipp: this.tools.sipp,
      folder: await this.folder('outside'),
      name: 'outside',
      address: '127.0.0.1',
      tone,
      ...(behaviour === undefined ? {} : { behaviour }),
    });
    this.#outside.push(phone);
    await this.api.set({ outgoingTrunk: { host: '127.0.0.1', port: phone.port } });
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
    await this.citizensHangUp();
    for (const call of this.#answering().flatMap((phone) => phone.calls)) {
      if (!call.ended) await call.hangUp().catch(() => undefined);
    }
  }

  protected async citizensHangUp(): Promise<void> {
    for (const call of this.#citizens) if (!call.ended) await call.hangUp().catch(() => undefined);
  }

  /** What behaviours of phones could not do: the reason of many a failure. */
  complaints(): string[] {
    return this.#answering().flatMap((phone) =>
      phone.behaviourErrors.splice(0).map((error) => `${phone.name}: ${String(error)}`),
    );
  }

  /** The phones to which calls come. */
  #answering(): Phone[] {
    return [...this.phones, ...this.#trunks.values(), ...this.#outside];
  }

  protected async stopListening(): Promise<void> {
    await this.#media?.stop();
  }

  protected async stopPhones(): Promise<void> {
    const sipp = [...this.#answering(), ...this.#citizens.map(({ phone }) => phone)];
    await Promise.allSettled(sipp.map((phone) => phone.stop()));
  }
}
