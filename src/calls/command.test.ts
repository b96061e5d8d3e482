import { testCall } from '../../test/support/calls.ts';
import type { Call } from './call.ts';
import { liveCallOf } from './command.ts';

const call = (id: string, arrivedAt: number, over: Partial<Call> = {}): Call => ({
  ...testCall(),
  id,
  arrivedAt,
  ...over,
});
const found = (...calls: Call[]): string | undefined => liveCallOf({ all: () => calls }, 'incident')?.id;

test('of several calls of an incident the latest has it, also when it has just ended', () => {
  expect(found(call('first', 1), call('redial', 2, { endedAt: 3, outcome: 'answered' }))).toBe('redial');
  expect(found(call('other', 1, { incident: { ...testCall().incident, id: 'another' } }))).toBeUndefined();
});

test('one that was given back to the human path has it no more: another controller may have claimed him since', () => {
  const returned = call('returned', 2, { endedAt: 3, outcome: 'returned' });
  expect(found(returned)).toBeUndefined();
  expect(found(call('first', 1), returned)).toBe('first');
});
