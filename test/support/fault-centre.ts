import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { awakeMilliseconds } from '../../scripts/sip/awake.mjs';
import { answers, rings, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import type { Centre } from './centre.ts';
import { resumeOperator } from './idle.ts';
import type { LineCaller } from './line-caller.ts';
import { until } from './rest.ts';
import { startCentre } from './start-centre.ts';

export const tones = { caller: 440, operator: 660, agency: 880 };

/** What may happen to every controller at once. Both times nobody claims anything any more. */
export const fates = ['killed', 'frozen'] as const;
export type Fate = (typeof fates)[number];

/** A centre with two operators, the first at his phone, whose only controller is lost in test after test. */
export class FaultCentre {
  readonly centre: Centre;
  /** The first operator's. */
  readonly phone: Phone;
  /** The one that leads. */
  controller: ControllerHandle;

  private constructor(centre: Centre, controller: ControllerHandle, phone: Phone) {
    this.centre = centre;
    this.controller = controller;
    this.phone = phone;
  }

  static async start(name: string): Promise<FaultCentre> {
    const centre = await startCentre({
      name,
      operators: 2,
      settings: { operatorRingSeconds: 15, agencyRingSeconds: 15, acceptanceSeconds: 15 },
      // Whatever else the machine does: a controller that lives has the call.
      asteriskEnv: { ASTERISK_CLAIM_MILLISECONDS: '2500' },
    });
    const [controller] = centre.controllers;
    const [operator] = centre.operators;
    if (controller === undefined || operator === undefined) throw new Error('no controller, or no operator');
    const phone = await centre.registerOperator(operator, answers(), tones.operator);
    centre.phones.push(phone);
    return new FaultCentre(centre, controller, phone);
  }

  /** After a test: nothing of it is left, and a new controller leads. */
  async renew(): Promise<void> {
    await this.centre.hangUpAll();
    await end(this.controller);
    await this.centre.noChannelLeft(12_000);
    await this.restart();
    await resumeOperator(this.centre, 0);
    this.phone.behave(answers());
  }

  /** Kills the controller that leads, and starts another. */
  async restart(): Promise<void> {
    await end(this.controller);
    const name = `controller-${this.centre.controllers.length}`;
    this.controller = await this.centre.startController({ rank: 0, name });
  }

  /** Returns when it was done: by the clock, and by the time that this machine has really run. */
  async strike(fate: Fate): Promise<{ at: number; since: () => number }> {
    const awake = awakeMilliseconds();
    const when = { at: Date.now(), since: () => awakeMilliseconds() - awake };
    if (fate === 'frozen') this.controller.kill('SIGSTOP');
    else await end(this.controller);
    return when;
  }

  /** The guardian has noticed, and has looked at every channel since. */
  async noticed(uncontrolled = true): Promise<void> {
    const told = async (): Promise<boolean> =>
      (await this.centre.cli('dialplan show globals')).includes(`SIAGA_UNCONTROLLED=${uncontrolled ? 1 : 0}`);
    await until(uncontrolled ? 'the guardian has noticed' : 'the guardian is content', told, 6_000);
  }

  free(): Promise<void> {
    return this.centre.api.operatorIs(this.centre.operators[0]?.id ?? '', 'available', 15_000);
  }

  lineCaller(): Promise<LineCaller> {
    return this.centre.dialLine(tones.caller);
  }

  /** A citizen waits while the operator's phone rings. */
  async ringing(): Promise<{ caller: LineCaller; operator: Call }> {
    this.phone.behave(rings());
    await this.free();
    const coming = this.centre.upcoming(this.phone);
    const caller = await this.lineCaller();
    const operator = await coming;
    await operator.waitFor('ringing');
    return { caller, operator };
  }

  /** A citizen and the operator talk; each hears the other. */
  async conversation(): Promise<{ caller: LineCaller; operator: Call; id: string; incidentId: string }> {
    await this.free();
    const coming = this.centre.upcoming(this.phone);
    const caller = await this.lineCaller();
    const operator = await coming;
    const call = await this.centre.api.taken(caller.wire);
    await until('he hears the operator', () => caller.secondsOf(tones.operator) > 0.3);
    return { caller, operator, id: call.id, incidentId: call.incidentId };
  }
}

/** Kills a controller, unless it has ended. */
export async function end(handle: ControllerHandle): Promise<void> {
  if (handle.ended !== null) return;
  handle.kill('SIGKILL');
  await handle.exited;
}
