import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import type { RingJob } from './dispatch.ts';
import { ringTrunk } from './ring.ts';

const job: RingJob = {
  attemptId: 'd1.a1',
  callId: 'call',
  incidentId: '0199d0a5-0000-7000-8000-0000000b8298',
  dispatchId: 'd1',
  mode: 'bridge',
  kind: 'fire',
  application: 'siaga-1',
  channelId: 'd1.a1',
  endpoint: 'agency',
  uri: 'sip:113@agency-1',
  callerNumber: '0761112',
  callInfo: '',
  location: null,
  callerChannelId: 'caller',
  ring: 30_000,
  inLine: false,
  expiresAt: 1_000,
};

/** The headers of ours that the INVITE gets. */
async function headersOf(kind: string | null): Promise<Record<string, string>> {
  let headers: Record<string, string> = {};
  const ari: AriCommands = {
    send(_method, path, _query, body) {
      if (path === '/channels/d1.a1') {
        const { variables } = z.object({ variables: z.record(z.string(), z.string()) }).parse(body);
        const added = Object.entries(variables).filter(([name]) => name.startsWith('PJSIP_HEADER(add,X-Siaga-'));
        headers = Object.fromEntries(added.map(([name, value]) => [name.slice('PJSIP_HEADER(add,'.length, -1), value]));
      }
      return Promise.resolve({ ok: true, status: 200, body: null });
    },
    close: () => Promise.resolve(),
  };
  expect(await ringTrunk(ari, { ...job, kind }, 0)).toEqual({ result: 'taken' });
  return headers;
}

const always = {
  'X-Siaga-Incident': '0199d0a5-0000-7000-8000-0000000b8298',
  'X-Siaga-Dispatch': 'd1',
  'X-Siaga-Incident-Number': '754328',
};

test('the agency is told which incident it is, and what', async () => {
  expect(await headersOf('fire')).toEqual({ ...always, 'X-Siaga-Kind': 'fire' });
});

test.each([null, '', 'earthquake', 'fire\r\nVia: SIP/2.0/UDP 192.0.2.1', 'fire,${SHELL(id)}'])(
  'what is no kind of ours gets into no header: %p',
  async (kind) => {
    expect(await headersOf(kind)).toEqual(always);
  },
);
