import { readContacts } from './contact-monitor.ts';

const desk = 'ag-0123456789abcdef';
const status = (contactstatus: string, port: number) => ({ aor: desk, contactstatus, uri: `sip:a@10.0.0.1:${port}` });

test('a phone that registers anew from elsewhere stays, one whose last contact is removed has gone', () => {
  const { read } = readContacts();
  expect(read(status('Created', 1))).toMatchObject({ endpoint: desk, present: true });
  expect(read(status('Created', 2))).toMatchObject({ present: true });
  expect(read(status('Removed', 1))).toBeNull();
  expect(read(status('Removed', 2))).toEqual({ endpoint: desk, present: false });
  expect(read(status('Removed', 2))).toEqual({ endpoint: desk, present: false });
});

test('what was told of the old contact before anybody listened does not count; what was missed is forgotten', () => {
  const { read, forget } = readContacts();
  read(status('Created', 2));
  expect(read(status('Removed', 1))).toBeNull();
  forget(desk);
  expect(read(status('Removed', 3))).toMatchObject({ present: false });
  read(status('Created', 4));
  forget();
  expect(read(status('Removed', 5))).toMatchObject({ present: false });
  expect(read(status('Unreachable', 6))).toMatchObject({ present: false });
  expect(read({ aor: desk, contactstatus: 'Removed' })).toMatchObject({ present: false });
  expect(read({ aor: desk })).toBeNull();
});
