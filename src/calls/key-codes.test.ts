import { readTyped, typedLimit } from './key-codes.ts';

const party = (purpose: string, number: string | null) => ({
  type: 'command',
  command: { command: 'party', purpose, number },
});
const short = (command: string) => ({ type: 'command', command: { command } });

test.each([
  ['*1', short('hold')],
  ['*2', short('mute')],
  ['*6', short('let-go')],
  ['*7', short('ask-silent')],
  ['*8', short('assist')],
  ['*9', short('ghost')],
  ['*3102#', party('consult', '102')],
  ['*4102#', party('hand-over', '102')],
  ['*4#', party('hand-over', null)],
  ['*5#', party('conference', null)],
  ['*5081234567890#', party('conference', '081234567890')],
  ['*3#', { type: 'unknown' }],
  ['*0', { type: 'unknown' }],
  ['*#', { type: 'unknown' }],
  ['*31*2', { type: 'unknown' }],
  ['*', { type: 'incomplete' }],
  ['*3', { type: 'incomplete' }],
  ['*310', { type: 'incomplete' }],
  ['*310*', { type: 'incomplete' }],
  ['*310**', { type: 'forgotten' }],
  ['**', { type: 'forgotten' }],
  ['5', { type: 'nothing' }],
  ['#', { type: 'nothing' }],
  [`*3${'1'.repeat(typedLimit)}`, { type: 'unknown' }],
])('%s', (keys, read) => {
  expect(readTyped(keys)).toEqual(read);
});
