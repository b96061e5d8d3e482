import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AuditEntry } from './audit.ts';
import { noteRefusals } from './refusals.ts';

const sari = { tokenId: 't1', role: 'operator', name: 'Sari', operatorId: 'p1' } as const;
const listen = { method: 'POST', path: '/v1/calls/c1/monitors', code: 'access.role' };

function world() {
  const clock = fakeClock();
  const audited: AuditEntry[] = [];
  const refused = noteRefusals({ clock, auditLater: (entry) => audited.push(entry) });
  return { clock, audited, refused };
}

describe('who tried what he may not', () => {
  it('is noted, with what he tried', () => {
    const { audited, refused } = world();
    refused(sari, listen);
    expect(audited).toEqual([
      {
        principal: sari,
        action: 'access.refused',
        subject: '/v1/calls/c1/monitors',
        detail: { method: 'POST', code: 'access.role' },
      },
    ]);
  });

  it('once a minute, and for each path, person and reason by itself', () => {
    const { audited, clock, refused } = world();
    for (const who of [sari, { ...sari, tokenId: 't2' }]) {
      for (const path of [listen.path, '/v1/calls/c2/monitors']) {
        for (let times = 0; times < 3; times += 1) refused(who, { ...listen, path });
      }
    }
    refused(sari, { ...listen, code: 'incidents.confidential' });
    expect(audited).toHaveLength(5);
    clock.advance(59_999);
    refused(sari, listen);
    expect(audited).toHaveLength(5);
    clock.advance(1);
    refused(sari, listen);
    expect(audited).toHaveLength(6);
  });

  it('forgets the oldest rather than grow without end', () => {
    const { audited, refused } = world();
    for (let path = 0; path <= 1_000; path += 1) refused(sari, { ...listen, path: `/v1/calls/${path}/monitors` });
    refused(sari, { ...listen, path: '/v1/calls/1000/monitors' });
    expect(audited).toHaveLength(1_001);
    refused(sari, { ...listen, path: '/v1/calls/0/monitors' });
    expect(audited).toHaveLength(1_002);
  });
});
