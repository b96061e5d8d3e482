import { createPhoneTransports, type Registration } from './phone-transports.ts';

function watch(transport: 'udp' | 'tls') {
  const alarms: unknown[] = [];
  const phones = createPhoneTransports({
    wanted: (account) => (account === 'op-1' ? { deskId: 'd1', transport } : undefined),
    alarm: (code, detail) => void alarms.push([code, detail]),
  });
  const saw = (registration: Partial<Registration>): void =>
    phones.saw({ endpoint: 'op-1', present: true, ...registration });
  return { alarms, phones, saw };
}
const alarm = ['desk-in-clear', { deskId: 'd1', transport: 'udp' }];

it('tells once that a phone is not registered over TLS, and again after it was', () => {
  const { alarms, phones, saw } = watch('tls');
  saw({});
  expect(phones.of('op-1')).toEqual({ over: null });
  saw({ transport: 'udp' });
  saw({});
  saw({ present: false });
  expect(phones.of('op-1')).toBeNull();
  saw({ transport: 'udp' });
  expect(alarms).toEqual([alarm]);
  expect(phones.of('op-1')).toEqual({ over: 'udp' });
  saw({ transport: 'tls' });
  expect(phones.of('op-1')).toEqual({ over: 'tls' });
  saw({ transport: 'udp' });
  expect(alarms).toEqual([alarm, alarm]);
});

it('tells of no desk that does not want TLS, and of nobody who is none', () => {
  const { alarms, saw } = watch('udp');
  saw({ transport: 'udp' });
  saw({ endpoint: 'agency', transport: 'udp' });
  expect(alarms).toEqual([]);
});
