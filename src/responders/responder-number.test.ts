import { defaultSettings, settingsPatch } from '../settings/setting.ts';
import { keptResponderNumber, whyNotForCrews } from './responder-number.ts';

const queues = [
  {
    ...{ id: 'instansi', name: 'Instansi', priority: 4, skills: [], languages: [], times: {} },
    numbers: ['076155502'],
  },
];

test.each([
  ['0761112', 'may have dialled 112'],
  ['+62761112', 'may have dialled 112'],
  ['076155502', 'the queue instansi'],
  ['076155501', 'outgoingNumber'],
  ['+6276155502', 'the queue instansi'],
  ['6276155501', 'outgoingNumber'],
])('%s takes calls from others: %s', (responderNumber, why) => {
  expect(whyNotForCrews({ responderNumber, queues, outgoingNumber: '076155501' })).toContain(why);
});

test('any other number may be the crews’, or none', () => {
  for (const responderNumber of [null, '076155503', '+6276155503']) {
    expect(whyNotForCrews({ ...defaultSettings, queues, responderNumber })).toBeUndefined();
  }
  for (const responderNumber of ['112', '1234', '0761-55', '*11', '', '1'.repeat(16)]) {
    expect(settingsPatch.safeParse({ responderNumber }).success).toBe(false);
  }
});

test('the dialplan has it as it notes what was dialled', () => {
  expect([null, '0761555', '+62761'].map(keptResponderNumber)).toEqual(['', '0761555', '%2B62761']);
});
