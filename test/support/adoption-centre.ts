import { join } from 'node:path';
import { z } from 'zod';
import type { ControllerHandle } from '../../scripts/runtime.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { askController } from '../../src/platform/forward.ts';
import { restSocketOf } from '../../src/platform/rest-sockets.ts';
import { end, FaultCentre, type Fate } from './fault-centre.ts';
import type { LineCaller } from './line-caller.ts';
import { ask, until, type Answer } from './rest.ts';

const live = z.object({ items: z.array(z.object({ id: z.string(), stage: z.string() }).loose()) });

/** A centre whose leader is lost while a standby is there. */
export class AdoptionCentre {
  readonly faults: FaultCentre;
  standby: ControllerHandle | undefined;

  private constructor(faults: FaultCentre) {
    this.faults = faults;
  }

  static async start(name: string): Promise<AdoptionCentre> {
    return new AdoptionCentre(await FaultCentre.start(name));
  }

  /** Before a test: a standby runs, and knows the phones as the leader does. */
  async ready(): Promise<void> {
    const { centre } = this.faults;
    this.standby = await centre.startController({ rank: 1, name: `standby-${centre.controllers.length}` });
    await this.standbyKnows('available');
  }

  /** Waits until the standby knows an operator in this state: controllers look every two seconds what others have noted. */
  standbyKnows(state: string): Promise<void> {
    const operators = z.object({ items: z.array(z.object({ state: z.string() })) });
    return until(`the standby knows who is ${state}`, async () => {
      return operators.parse(await this.ownWordOf(this.standby)).items.some((one) => one.state === state);
    });
  }

  /** The operators as this controller itself knows them: asked as another controller asks, it forwards nothing. */
  async ownWordOf(controller: ControllerHandle | undefined): Promise<unknown> {
    if (controller === undefined) throw new Error('no such controller');
    const { api, directory } = this.faults.centre;
    const health = await ask({ base: controller.http }, undefined, 'GET', '/healthz');
    const application = z.object({ application: z.string() }).parse(health.body).application;
    const socket = restSocketOf(join(directory, 'state', 'lives'), application, controller.rank);
    const headers = { authorization: `Bearer ${api.tokens.supervisor}` };
    const request = { method: 'GET', path: '/v1/operators', headers, body: undefined, ip: '' } as const;
    const answer = await askController(socket, request, systemClock);
    if (typeof answer === 'string') throw new Error(`the controller is ${answer} on its socket`);
    return answer.body;
  }

  /** After a test: of its controllers none is left, and a new one leads. */
  async renew(): Promise<void> {
    if (this.standby !== undefined) await end(this.standby);
    await this.faults.renew();
  }

  /** The leader dies or freezes. From now on the standby is asked. */
  async strike(fate: Fate): Promise<{ at: number; since: () => number }> {
    const { centre, controller } = this.faults;
    const struck = await this.faults.strike(fate);
    centre.controllers = [...centre.controllers.filter((one) => one !== controller), controller];
    return struck;
  }

  /** Strikes, and waits until the standby goes on with the call. */
  async adopted(fate: Fate, call: { id: string }): Promise<{ at: number; since: () => number }> {
    const struck = await this.strike(fate);
    await this.goesOn(call);
    return struck;
  }

  goesOn(call: { id: string }, within = 12_000): Promise<void> {
    const has = async (): Promise<boolean> => {
      const { items } = await this.faults.centre.api.get('/v1/calls?live=true', live);
      return items.some(({ id }) => id === call.id);
    };
    return until('the standby goes on with the call', has, within);
  }

  taken(caller: LineCaller): Promise<CallView> {
    return this.faults.centre.api.taken(caller.wire);
  }

  /** What the call became, by its record: one, with its adoption on the timeline. */
  async recordOf(caller: LineCaller): Promise<{ outcome: string | null; recordedBy: string; types: string[] }> {
    const { api } = this.faults.centre;
    const record = await api.recordOf(caller.wire.callId);
    let types: string[] = [];
    // What the dead one wrote is brought home beside what its successor writes.
    await until('the records of both are there', async () => {
      types = (await api.timelineOf(record.id)).map(({ type }) => type);
      return types.includes('call.arrived') && types.includes('call.adopted');
    });
    return { outcome: record.outcome, recordedBy: record.recordedBy, types };
  }

  ask(method: string, path: string, body?: object, base?: string): Promise<Answer> {
    const { api } = this.faults.centre;
    const content = body === undefined ? {} : { body };
    if (base === undefined) return api.ask(method, path, { as: 'supervisor', ...content });
    return ask({ base }, api.tokens.supervisor, method, path, content);
  }

  /** A command on a live call, which has to be taken. */
  async command(call: { id: string }, what: string, body?: object): Promise<void> {
    const answer = await this.ask('POST', `/v1/calls/${call.id}/${what}`, body);
    if (answer.status !== 202) throw new Error(`${what} was answered ${answer.status}: ${answer.text}`);
  }
}
