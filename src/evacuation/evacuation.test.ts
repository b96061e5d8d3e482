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

describe('settings that would leave no way to anybody', () => {
  const queue = { id: 'polres', name: 'Polres', numbers: ['500'], priority: 5, languages: ['min'], times: {} };
  const settings = (skills: string[], skillSeconds = 121) => ({
    backupCentre: null,
    skillSeconds,
    queues: [{ ...queue, skills }],
  });
  const here = { evacuated: false, overflow: false };
  const able = [
    { skills: ['police'], languages: ['id', 'min'] },
    { skills: ['fire'], languages: ['id'] },
  ];

  it('no backup centre while evacuated, unless Asterisk has one of its own', () => {
    expect(noWay(settings([]), { evacuated: true, overflow: false }, null)).toMatch(/End the evacuation first/);
    expect(noWay(settings([]), { evacuated: true, overflow: true }, null)).toBeUndefined();
    expect(noWay(settings([]), here, null)).toBeUndefined();
  });

  it('a queue that nobody has the skills and languages for, and that waits long for somebody who has', () => {
    expect(noWay(settings(['police']), here, able)).toBeUndefined();
    expect(noWay(settings(['fire']), here, able)).toMatch(/polres needs \(fire, min\)/);
    expect(noWay(settings(['fire'], 120), here, able)).toBeUndefined();
    expect(noWay(settings(['fire']), here, null)).toBeUndefined();
    const own = { ...settings(['fire'], 10), queues: [{ ...queue, skills: ['fire'], times: { skillSeconds: 300 } }] };
    expect(noWay(own, here, able)).toMatch(/lower skillSeconds/);
  });
});
