import { backupCentreAddress, keptCode, noWay, readEvacuation, readRefusedCodes } from './evacuation.ts';

describe('what Asterisk has noted of an evacuation', () => {
  it.each([
    ['@', { evacuated: false, since: null, by: null }],
    ['@1:1795358597:op-abc', { evacuated: true, since: 1_795_358_597_000, by: 'op-abc' }],
    ['@0:1795358597:', { evacuated: false, since: 1_795_358_597_000, by: null }],
    ['', null],
    ['1:1795358597:op-abc', null],
    ['@2:1:x', null],
    ['@1', null],
  ])('%s', (noted, read) => {
    expect(readEvacuation(noted)).toEqual(read);
  });

  const refused = { channelId: 'pku1-1795358597.12', at: 1_795_358_597_000, phone: 'op-abc' };
  it.each([
    ['@', []],
    ['@1795358597:op-abc:pku1-1795358597.12&', [refused]],
    [
      '@1795358598:op-b:pku1-1.9&1795358597:op-abc:pku1-1795358597.12&1795358590:op-abc:pku1-1',
      [{ channelId: 'pku1-1.9', at: 1_795_358_598_000, phone: 'op-b' }, refused],
    ],
    ['@x:op-abc:1.1&1795358597:op-abc:pku1-1795358597.12&1:', [refused]],
    ['@1795358597:op-abc:pku1-17953', []],
    ['', null],
    ['1795358597:op-abc:1.1', null],
  ])('%s names the phones whose codes were not taken', (noted, read) => {
    expect(readRefusedCodes(noted)).toEqual(read);
  });

  it('a code is kept as its salt and the SHA-1 of both, as the dialplan computes it', () => {
    const kept = keptCode('0123456789abcdef', '246813');
    expect(kept).toHaveLength(56);
    expect(kept.slice(0, 16)).toBe('0123456789abcdef');
    expect(kept.slice(16)).toBe('f5ca59328a5477f4bcb66e63b35515c7d2a7498d');
    expect(keptCode('1123456789abcdef', '246813')).not.toContain(kept.slice(16));
  });

  it.each([
    [null, ''],
    [{ number: '999', host: '10.0.0.1', port: 5060 }, '999@10.0.0.1:5060'],
    [{ number: '*9#', host: 'pusat.example', port: 5061 }, '*9%23@pusat.example:5061'],
  ])('the backup centre %o is rung as %s', (backupCentre, address) => {
    expect(backupCentreAddress(backupCentre)).toBe(address);
  });
});

describe('settings that would leave callers nowhere to go', () => {
  const evacuated = { evacuated: true, overflow: false };

  it('no backup centre while evacuated, unless Asterisk has one of its own', () => {
    expect(noWay({ backupCentre: null }, evacuated)).toMatch(/End the evacuation first/);
    expect(noWay({ backupCentre: { number: '112', host: 'other.invalid', port: 5060 } }, evacuated)).toBeUndefined();
    expect(noWay({ backupCentre: null }, { evacuated: true, overflow: true })).toBeUndefined();
    expect(noWay({ backupCentre: null }, { evacuated: false, overflow: false })).toBeUndefined();
  });
});
