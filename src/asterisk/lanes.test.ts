import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer } from './commands.ts';
import { createLanes } from './lanes.ts';

const done: AriAnswer = { ok: true, status: 204, body: null };
const failed = (failure: 'gone' | 'failed'): AriAnswer => ({ ok: false, failure, status: null, reason: 'no' });

interface Command {
  name: string;
  lanes: string[];
  tries?: number;
}

function start() {
  const asked: { name: string; answer: (answer: AriAnswer) => Promise<void> }[] = [];
  const heard: [name: string, ok: boolean][] = [];
  const clock = fakeClock(0);
  let held = false;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const lanes = createLanes({
    clock,
    held: () => held,
    ask: (owner: string, { name }: Command) =>
      new Promise<AriAnswer>((resolve) => {
        const answer = (given: AriAnswer): Promise<void> => {
          resolve(given);
          return settle();
        };
        asked.push({ name: `${owner} ${name}`, answer });
      }),
    lanesOf: (command) => command.lanes,
    triesOf: ({ tries = 1 }) => tries,
    answered: (owner, { name }, { ok }) => heard.push([`${owner} ${name}`, ok]),
  });
  const perform = (name: string, keys: string[], tries?: number, also?: Promise<void>[]): Promise<void> =>
    lanes.perform('call', { name, lanes: keys, ...(tries === undefined ? {} : { tries }) }, also);
  return {
    asked,
    heard,
    clock,
    settle,
    lanes,
    perform,
    names: () => asked.map(({ name }) => name),
    hold: (on: boolean) => void (held = on),
  };
}

describe('commands', () => {
  it('of one lane go out one after the other, those of others at once', async () => {
    const { perform, asked, heard, names, settle } = start();
    void perform('first', ['a']);
    void perform('second', ['a']);
    void perform('other', ['b']);
    await settle();
    expect(names()).toEqual(['call first', 'call other']);
    await asked[0]?.answer(done);
    expect(names()[2]).toBe('call second');
    expect(heard).toEqual([['call first', true]]);
  });

  it('of two lanes wait for both, and both wait for them', async () => {
    const { perform, asked, names, settle } = start();
    void perform('channel', ['a']);
    void perform('bridge', ['b']);
    void perform('join', ['a', 'b']);
    void perform('after', ['b']);
    await settle();
    await asked[0]?.answer(done);
    expect(names()).toEqual(['call channel', 'call bridge']);
    await asked[1]?.answer(done);
    expect(names()).toEqual(['call channel', 'call bridge', 'call join']);
    await asked[2]?.answer(done);
    expect(names()[3]).toBe('call after');
  });

  it('wait for what else they are told to', async () => {
    const { perform, asked, names, settle } = start();
    const earlier = perform('earlier', ['a']);
    void perform('later', ['b'], 1, [earlier]);
    await settle();
    expect(names()).toEqual(['call earlier']);
    await asked[0]?.answer(failed('failed'));
    expect(names()).toEqual(['call earlier', 'call later']);
  });

  it('that fail hold up nothing, and are heard of', async () => {
    const { perform, asked, heard, names, settle } = start();
    void perform('first', ['a']);
    void perform('second', ['a']);
    await settle();
    await asked[0]?.answer(failed('gone'));
    expect([heard, names()[1]]).toEqual([[['call first', false]], 'call second']);
  });

  it('to end something are insisted on, within a limit', async () => {
    const { perform, asked, heard, settle, clock, names } = start();
    void perform('end', ['a'], 3);
    await settle();
    for (const index of [0, 1]) {
      await asked[index]?.answer(failed('failed'));
      expect(heard).toEqual([]);
      clock.advance(500);
      await settle();
    }
    expect(names()).toHaveLength(3);
    await asked[2]?.answer(failed('failed'));
    clock.advance(500);
    await settle();
    expect([names().length, heard]).toEqual([3, [['call end', false]]]);
  });

  it('to end what was gone are no failure', async () => {
    const { perform, asked, heard, settle, names } = start();
    void perform('end', ['a'], 2);
    await settle();
    await asked[0]?.answer(failed('gone'));
    expect([names().length, heard]).toEqual([1, []]);
  });

  it('have settled when each has its answer', async () => {
    const { lanes, perform, asked, settle } = start();
    const order: string[] = [];
    void perform('first', ['a']);
    void perform('second', ['a']);
    void lanes.settled().then(() => order.push('settled'));
    await settle();
    await asked[0]?.answer(done);
    expect(order).toEqual([]);
    await asked[1]?.answer(done);
    expect(order).toEqual(['settled']);
  });

  it('wait while nobody knows what happened during a pause, and go out in their order afterwards', async () => {
    const { perform, names, hold, clock, settle } = start();
    hold(true);
    void perform('a', ['one']);
    void perform('b', ['two']);
    await settle();
    clock.advance(500);
    await settle();
    expect(names()).toEqual([]);
    hold(false);
    clock.advance(100);
    await settle();
    expect(names()).toEqual(['call a', 'call b']);
  });
});
