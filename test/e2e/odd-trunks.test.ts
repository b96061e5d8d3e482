import { z } from 'zod';
import { accepts, answers } from '../../scripts/sip/phone.mjs';
import { agencyBody } from '../../src/agencies/agency.ts';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import type { Dispatch } from '../support/centre-api.ts';
import { keyAsEvent, keyAsTones, OddTrunk, sound, type OddReply } from '../support/odd-trunk.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

let centre: Centre;
let opened: OddTrunk[] = [];
let trunks = 0;

beforeAll(async () => {
  centre = await startCentre({ name: 'odd-trunks' });
  await centre.operatorPhones(answers(), [660]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.clear();
  for (const trunk of opened) trunk.close();
  opened = [];
});

/** Puts an odd trunk in front of the fire brigade's second one; of a new name each time, as one that fails is tried last. */
async function oddFirst(reply: OddReply): Promise<{ trunk: OddTrunk; id: string }> {
  const trunk = await new OddTrunk(reply).open();
  opened.push(trunk);
  const id = `odd-${(trunks += 1)}`;
  const { body, headers } = await centre.api.ask('GET', '/v1/agencies/damkar');
  const before = z.object(agencyBody.shape).parse(body);
  const second = before.trunks.filter(({ id }) => id === 'damkar-2');
  expect(second).toHaveLength(1);
  const odd = { id, type: 'sip', transport: 'udp', host: '127.0.0.1', number: '113', port: trunk.port } as const;
  const put = { body: { ...before, trunks: [odd, ...second] }, headers: { 'if-match': headers.get('etag') ?? '' } };
  expect((await centre.api.ask('PUT', '/v1/agencies/damkar', put)).status).toBe(200);
  await centre.trunk('damkar-2', accepts({ pressAfter: 200 }));
  return { trunk, id };
}

/** Dispatches the fire brigade to a new call, until somebody of it is in the call or nobody will be. */
async function dispatched(): Promise<{ call: CallView; dispatch: Dispatch }> {
  const call = await centre.api.taken(await centre.dial({ tone: 440 }));
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  const path = `/v1/incidents/${call.incidentId}/dispatches`;
  const answer = await centre.api.ask('POST', path, { body: { agencyId: 'damkar' } });
  expect(answer.status).toBe(202);
  const now = (): Promise<Dispatch> => centre.api.dispatch(z.string().parse(answer.at('id')));
  const settled = async (): Promise<boolean> => {
    const { joinedAt, endedAt } = await now();
    return joinedAt !== null || endedAt !== null;
  };
  await until('the dispatch has come to somebody, or to nobody', settled, 25_000);
  return { call, dispatch: await now() };
}
const tried = ({ attempts }: Dispatch): string[] => attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`);

const says = (status: string, body = ''): OddReply => ({
  invite: (request, trunk) => trunk.say(request, status, { body }),
});
const redirects: OddReply = {
  invite: (request, trunk) =>
    trunk.say(request, '302 Moved Temporarily', { headers: [`Contact: <sip:0809999@127.0.0.1:${trunk.port}>`] }),
};
const wantsPassword: OddReply = {
  invite: (request, trunk) =>
    trunk.say(request, '407 Proxy Authentication Required', {
      headers: ['Proxy-Authenticate: Digest realm="agency", nonce="1", algorithm=MD5'],
    }),
};
const answersTooLate: OddReply = {
  invite: (request, trunk) => trunk.say(request, '180 Ringing'),
  cancelled: (request, trunk) => trunk.say(request, '200 OK', { body: sound('m=audio {rtp} RTP/AVP 0') }),
};

const odd: [string, OddReply, string][] = [
  ['redirects to another number (302)', redirects, 'unreachable'],
  ['wants a password (407)', wantsPassword, 'refused'],
  ['does not know the number (404)', says('404 Not Found'), 'unreachable'],
  ['is not there (480)', says('480 Temporarily Unavailable'), 'no-answer'],
  ['knows no such codec (488)', says('488 Not Acceptable Here'), 'unreachable'],
  ['has a fault (500)', says('500 Server Internal Error'), 'unreachable'],
  ['is busy everywhere (600)', says('600 Busy Everywhere'), 'busy'],
  ['gives a status that nobody knows (699)', says('699 Odd'), 'unreachable'],
  ['says what is no SIP', { invite: (_request, trunk) => trunk.sayBytes('SIP/2.0 abc\r\n\r\n') }, 'no-answer'],
  ['plays tones and never answers (183)', says('183 Progress', sound('m=audio {rtp} RTP/AVP 0')), 'no-answer'],
  ['answers as it is cancelled', answersTooLate, 'no-answer'],
  // Asterisk hangs up: whether the dialplan had it by then is chance.
  ['answers with no media', says('200 OK'), 'not-accepted|unreachable'],
  ['answers and refuses the media', says('200 OK', sound('m=audio 0 RTP/AVP 0')), 'unreachable'],
];
test.each(odd)(
  'a trunk that %s is followed by the next, and leaves nothing behind',
  async (_what, reply, outcome) => {
    const { trunk, id } = await oddFirst(reply);
    const { call, dispatch } = await dispatched();
    expect(tried(dispatch)).toEqual([expect.stringMatching(new RegExp(`^${id} (${outcome})$`)), 'damkar-2 null']);
    // One INVITE (sent again while nobody replies): it rang once, and what it said was no reason to call anybody else.
    const invites = trunk.requests.filter(({ method }) => method === 'INVITE');
    expect(new Set(invites.map(({ callId }) => callId)).size).toBe(1);
    for (const type of ['operator.lost', 'operator.left', 'bridge.rebuilt']) {
      expect(centre.feed.all(type, { callId: call.id })).toEqual([]);
    }
    await until('caller, operator and agency are left', async () => (await centre.channels()).length === 3);
  },
  60_000,
);

const keys: [string, string[], ReturnType<typeof keyAsTones>][] = [
  ['as a telephone event', ['m=audio {rtp} RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000'], keyAsEvent(101)],
  ['as tones in the sound', ['m=audio {rtp} RTP/AVP 0'], keyAsTones()],
];
test.each(keys)(
  'an agency whose key comes %s has accepted',
  async (_how, media, packets) => {
    const { id } = await oddFirst({
      invite: (request, trunk) => {
        trunk.say(request, '200 OK', { body: sound(...media) });
        trunk.send(request, packets);
      },
    });
    const { dispatch } = await dispatched();
    expect(tried(dispatch)).toEqual([`${id} null`]);
    expect(dispatch.acceptedAt).not.toBeNull();
  },
  60_000,
);
