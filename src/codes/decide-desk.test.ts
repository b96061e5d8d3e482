import { readDialled } from './codes.ts';
import { decideDesk, newDeskCall, stageLimit, type DeskEffect, type DeskInput } from './decide-desk.ts';

function desk(text: string) {
  let call = newDeskCall('1.1', 'op-a', readDialled(text), 0);
  const tell = (input: DeskInput): DeskEffect[] => {
    const decision = decideDesk(call, input);
    call = decision.call;
    return decision.effects;
  };
  const entered = tell({ type: 'entered', at: 0 });
  return { tell, entered, stage: () => call.stage, call: () => call };
}
const play = (prompt: string, number = 1): object => ({ do: 'play', prompt, soundId: `1.1.d${number}` });

describe('a phone on which somebody dials', () => {
  it('a code is seen to before the phone is answered, and what came of it is said', () => {
    const { entered, tell, stage } = desk('*12');
    expect(entered).toEqual([{ do: 'carry-out', work: { code: 'log-out' } }]);
    expect(tell({ type: 'answered', at: 5, prompt: 'logged-out' })).toEqual([{ do: 'answer' }, play('logged-out')]);
    expect(tell({ type: 'sound-ended', at: 900, soundId: '1.1.d1' })).toEqual([{ do: 'hang-up' }]);
    expect(stage()).toBe('over');
  });

  it('a PIN is typed up to the hash; the first key ends the prompt, a star begins anew', () => {
    const { entered, tell } = desk('*11101');
    expect(entered).toEqual([{ do: 'answer' }, play('enter-pin')]);
    expect(tell({ type: 'key-pressed', at: 100, key: '9' })).toEqual([{ do: 'stop-sound', soundId: '1.1.d1' }]);
    for (const key of '9*47') expect(tell({ type: 'key-pressed', at: 200, key })).toEqual([]);
    tell({ type: 'sound-ended', at: 210, soundId: '1.1.d1' });
    tell({ type: 'key-pressed', at: 220, key: '1' });
    expect(tell({ type: 'key-pressed', at: 300, key: '#' })).toEqual([
      { do: 'carry-out', work: { code: 'log-in', extension: '101', pin: '471' } },
    ]);
    // What is typed on is nothing.
    expect(tell({ type: 'key-pressed', at: 310, key: '#' })).toEqual([]);
    expect(tell({ type: 'answered', at: 400, prompt: 'logged-in' })).toEqual([play('logged-in', 2)]);
  });

  it('a PIN that nobody types is refused ten seconds after it was asked for, or after the last key', () => {
    const { tell } = desk('*11101');
    tell({ type: 'sound-ended', at: 3_000, soundId: '1.1.d1' });
    expect(tell({ type: 'timer', at: 3_000 + stageLimit - 1 })).toEqual([]);
    tell({ type: 'key-pressed', at: 12_000, key: '1' });
    expect(tell({ type: 'timer', at: 13_000 })).toEqual([]);
    expect(tell({ type: 'timer', at: 12_000 + stageLimit })).toEqual([play('log-in-refused', 2)]);
  });

  it('what nobody sees to within ten seconds is refused, and an answer that comes later says nothing', () => {
    const { tell } = desk('*9');
    expect(tell({ type: 'timer', at: stageLimit })).toEqual([{ do: 'answer' }, play('code-refused')]);
    expect(tell({ type: 'answered', at: stageLimit + 1, prompt: 'done' })).toEqual([]);
  });

  it('a channel that another room has taken is left alone', () => {
    const { tell, stage } = desk('0812345678');
    expect(tell({ type: 'answered', at: 5, prompt: null })).toEqual([]);
    expect(stage()).toBe('over');
    expect(tell({ type: 'timer', at: 100_000 })).toEqual([]);
  });
});
