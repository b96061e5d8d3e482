import type { PrintedAsteriskLocation } from '../../src/location/pidf-lo/asterisk-location.ts';
import { testDispatch } from './calls.ts';
import { decideDispatch } from '../../src/dispatch/decide.ts';
import type { DispatchAction, DispatchInput } from '../../src/dispatch/step.ts';
import type { Dispatch, RingJob, RingResult } from '../../src/dispatch/dispatch.ts';

const context = {
  callId: 'call',
  incidentId: 'incident',
  application: 'siaga-1',
  callerNumber: '0761112',
  kind: 'fire',
  callInfo: '<urn:emergency:uid:callid:call>;purpose=emergency-CallId',
  location: null,
  callerChannelId: 'caller',
};

export type Told = DispatchInput extends infer One ? (One extends DispatchInput ? Omit<One, 'at'> : never) : never;

/** A dispatch and what it is told, one after the other. */
export interface Path {
  readonly dispatch: Dispatch;
  readonly actions: DispatchAction[];
  /** The last actions but tellings and timers, in short. */
  readonly done: string[];
  readonly told: string[];
  readonly jobs: RingJob[];
  /** When it wants to be woken, after all inputs so far. */
  readonly wakeAt: number | null;
  at: number;
  tell(...inputs: Told[]): Path;
}

export function path(over: Partial<Dispatch> = {}, location: PrintedAsteriskLocation | null = null): Path {
  let dispatch = testDispatch(over);
  let actions: DispatchAction[] = [];
  let wakeAt: number | null = null;
  const self: Path = {
    at: 0,
    get dispatch() {
      return dispatch;
    },
    get actions() {
      return actions;
    },
    get done() {
      return actions.flatMap((action) => {
        if (action.do === 'ring') return [`ring ${action.job.channelId}`];
        return 'channelId' in action ? [`${action.do} ${action.channelId}`] : [];
      });
    },
    get told() {
      return actions.flatMap((action) => (action.do === 'tell' ? [action.type] : []));
    },
    get jobs() {
      return actions.flatMap((action) => (action.do === 'ring' ? [action.job] : []));
    },
    get wakeAt() {
      return wakeAt;
    },
    tell(...inputs) {
      actions = [];
      for (const input of inputs) {
        const step = decideDispatch(dispatch, { ...input, at: self.at }, { ...context, location });
        dispatch = step.dispatch;
        actions.push(...step.actions);
        for (const action of step.actions) if (action.do === 'wake') wakeAt = action.at;
      }
      return self;
    },
  };
  return self;
}

export const started = (over: Partial<Dispatch> = {}): Path => path(over).tell({ type: 'start' });
export const leg = (type: 'leg-ringing' | 'leg-entered' | 'leg-joined', attempt = 1): Told => ({
  type,
  channelId: `d1.a${attempt}`,
});
export const gone = (cause: number, attempt = 1): Told => ({ type: 'leg-gone', channelId: `d1.a${attempt}`, cause });
export const key = (pressed: string, attempt = 1): Told => ({
  type: 'key-pressed',
  channelId: `d1.a${attempt}`,
  key: pressed,
});
export const ring = (result: RingResult, attempt = 1): Told => ({
  type: 'ring-result',
  attemptId: `d1.a${attempt}`,
  ring: result,
});
