import type { Dispatch } from '../../src/dispatch/dispatch.ts';
import { planDispatch } from '../../src/dispatch/plan.ts';
import { decideWithoutCall } from '../../src/dispatch/without-call/decide.ts';
import {
  newWithoutCall,
  type WithoutCall,
  type WithoutCallEffect,
  type WithoutCallInput,
  type WithoutCallSeed,
} from '../../src/dispatch/without-call/without-call.ts';
import type { Mode } from '../../src/routing/rule.ts';
import { sipOnly, testAgency } from './agencies.ts';

export type Told = WithoutCallInput extends infer One ? (One extends { at: number } ? Omit<One, 'at'> : never) : never;

const timing = { jobExpires: 2_000, ring: 25_000, accept: 15_000 };
interface Wanted {
  trunks?: string[];
  after?: string[];
  acceptance?: 'key' | 'answer';
  mode?: Mode;
  fallback?: Dispatch;
}
/** A dispatch of the agency `agency-<id>`. */
export const dispatchOf = (id: string, over: Wanted = {}): Dispatch =>
  planDispatch({
    id,
    agency: testAgency(`agency-${id}`, over.trunks, { acceptance: over.acceptance ?? 'key' }),
    mode: over.mode ?? 'bridge',
    fallback: over.fallback ?? null,
    trunks: { wayTo: sipOnly, health: () => 'unknown' },
    reason: { by: 'person', tokenId: 'token' },
    timing,
    after: over.after ?? [],
    at: 0,
  });

/** The inputs of one after another, with what came of the last. */
export class Story {
  state: WithoutCall;
  at = 0;
  effects: WithoutCallEffect[] = [];
  facts: string[] = [];

  constructor(over: Partial<WithoutCallSeed> = {}) {
    this.state = newWithoutCall({
      id: 'w',
      incidentId: 'incident',
      application: 'siaga-1',
      at: 0,
      about: { kind: 'fire', district: 'Tampan', incidentNumber: '004711', drill: false },
      callerNumber: '+62812345678',
      callInfo: '',
      location: null,
      timing: { reserve: 3_000, operatorRing: 20_000, told: 60_000, talk: 600_000 },
      dispatches: [dispatchOf('d1')],
      operatorId: null,
      ...over,
    });
  }

  tell(...inputs: Told[]): this {
    this.effects = [];
    this.facts = [];
    for (const input of inputs) {
      const { state, effects, facts } = decideWithoutCall(this.state, { ...input, at: this.at });
      this.state = state;
      this.effects.push(...effects);
      this.facts.push(...facts.map(({ type }) => type));
    }
    return this;
  }

  get done(): string[] {
    return this.effects.map((one) => {
      const what = 'channelId' in one ? one.channelId : 'bridgeId' in one ? one.bridgeId : '';
      if (one.do === 'ring-agency') return `ring-agency ${one.job.channelId}`;
      if (one.do === 'operator-outcome') return `operator-outcome ${one.outcome}`;
      return `${one.do} ${what}`.trim();
    });
  }

  dispatch(id = 'd1') {
    return this.state.dispatches.find((one) => one.id === id);
  }
}

export const begin: Told = { type: 'begin' };
export const entered = (channelId = 'd1.a1'): Told => ({ type: 'leg-entered', channelId });
export const pressed = (key: string, channelId = 'd1.a1'): Told => ({ type: 'key-pressed', channelId, key });
export const gone = (channelId = 'd1.a1', cause = 16): Told => ({ type: 'leg-gone', channelId, cause });
export const reserved: Told = { type: 'reserved', operatorId: 'ani', assignmentId: 'as-1', account: 'op-a' };
