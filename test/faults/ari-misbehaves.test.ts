import { accepts, answers } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { ariProxy, type AriProxy, type Fate, type Misbehaviour } from '../support/ari-proxy.ts';
import type { Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';

// Whatever becomes of frames and commands on the way: the caller gets an operator or the human path, and a record.

const tones = { caller: 440, operator: 660, agency: 880 };
/** Calls at once. There are more operators: the human path rings three phones for one caller. */
const atOnce = 8;
let centre: Centre;
let proxy: AriProxy;

beforeAll(async () => {
  centre = await startCentre({
    name: 'ari',
    operators: atOnce + 4,
    // Eight calls at once: a slow claim is no misbehaviour that a test asked for.
    asteriskEnv: { ASTERISK_CLAIM_MILLISECONDS: '2000' },
    ari: async (url, node) => {
      proxy = await ariProxy(url, node);
      return proxy.url;
    },
  });
  await centre.operatorPhones(answers({ after: 200 }));
  for (const trunkId of ['damkar-1', 'damkar-2']) {
    await centre.trunk(trunkId, accepts({ pressAfter: 200 }), tones.agency);
  }
}, 60_000);
afterAll(async () => {
  await centre.stop();
  await proxy.close();
}, 30_000);
afterEach(() => {
  expect(centre.controllers.map(({ ended }) => ended)).toEqual([null]);
});

/** The controller brought an operator, or the dialplan did. */
const withAPerson = ['answered', 'human-path'];

/** What is told of a call that an operator answered, whoever rang him. */
interface Told {
  record: CallView;
  /** The longest time, in milliseconds, in which the caller heard nothing at all. */
  silence: number;
}

let callers = 0;
/** Every caller has a number of his own: by it the proxy knows whose commands to spoil. */
const nextNumber = (): string => `0811${String((callers += 1)).padStart(6, '0')}`;

/** Dials, waits until the caller hears an operator, lets come what is to come then, and hangs up. */
async function reachesAPerson(
  number = nextNumber(),
  then: (caller: LineCaller) => Promise<void> = () => Promise.resolve(),
): Promise<Told> {
  const dialledAt = Date.now();
  const caller = await centre.dialLine(tones.caller, { number });
  try {
    await until('the caller hears an operator', () => caller.hearsOnly(tones.operator, 0.2), 20_000);
    await then(caller);
    expect(caller.ended).toBe(false);
    const silence = caller.longestSilence(dialledAt);
    await caller.hangUp();
    return { record: await centre.api.recordOf(caller.wire.callId), silence };
  } finally {
    await caller.hangUp();
    caller.close();
  }
}

const frames = (kind: string): Promise<number> => centre.api.metric('siaga_event_frames_total', { kind });

test('malformed frames are counted and dropped, unknown types ignored; calls go on', async () => {
  const malformed = await frames('malformed');
  const ignored = await frames('ignored');
  const bad: (string | Buffer)[] = [
    'no JSON at all',
    '{"type":',
    '',
    'null',
    '[]',
    '"StasisStart"',
    '{"type":42}',
    '{"type":"StasisStart"}',
    '{"type":"StasisStart","args":["caller"],"channel":{"id":7}}',
    '{"type":"ChannelDestroyed","channel":{"id":"x","name":"x","state":"Up"},"cause":"16"}',
    '{"type":"PlaybackFinished","playback":null}',
    Buffer.from([0xff, 0x00, 0xfe]),
    `{"type":"ChannelStateChange","channel":${'['.repeat(50_000)}`,
  ];
  for (const frame of bad) proxy.inject(frame);
  const odd = [
    '{"type":"ChannelBecameSentient","channel":{}}',
    '{"type":"__proto__"}',
    '{"type":"constructor"}',
    '{"type":"toString","channel":{"id":"x"}}',
  ];
  for (const frame of odd) proxy.inject(frame);
  await until('the bad ones are counted', async () => (await frames('malformed')) === malformed + bad.length);
  await until('the unknown ones are ignored', async () => (await frames('ignored')) >= ignored + odd.length);
  expect((await reachesAPerson()).record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
}, 40_000);

test('a frame that breaks the connection costs the caller on the line nothing, and the next one neither', async () => {
  const drop = async (): Promise<void> => {
    const before = proxy.opened();
    proxy.injectBroken();
    await until('the controller has connected anew', () => proxy.opened() > before);
  };
  const told = await reachesAPerson(nextNumber(), drop);
  expect(told.record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
  expect((await reachesAPerson()).record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
}, 40_000);

test('events of channels and calls that do not exist change nothing', async () => {
  const channel = { id: 'nobody', name: 'PJSIP/carrier-x-1', state: 'Up', channelvars: {} };
  const events = [
    { type: 'StasisStart', args: ['operator', '01a20000-0000-7000-8000-000000000000', 'nobody'], channel },
    { type: 'StasisStart', args: [], channel },
    { type: 'StasisEnd', channel },
    { type: 'ChannelDestroyed', cause: 16, channel },
    { type: 'ChannelDtmfReceived', digit: '1', timestamp: 'now', channel },
    { type: 'PlaybackFinished', playback: { id: '.s', state: 'done' } },
    { type: 'ChannelEnteredBridge', channel, bridge: { id: 'none' } },
  ];
  for (const event of events) proxy.inject(JSON.stringify(event));
  expect((await reachesAPerson()).record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
}, 40_000);

const fates: Record<string, Fate> = {
  '404': { answer: 404 },
  '409': { answer: 409 },
  '422': { answer: 422 },
  '500 and no JSON': { answer: 500, body: '<html>' },
  '200 and no JSON': { answer: 200, body: '<html>' },
  'no answer': 'swallow',
  'no answer, though it was done': 'lose-answer',
};
const subscription = { method: 'POST', path: /\/subscription\?/ };

test('subscriptions: answered wrongly or not at all, every call has its operator', async () => {
  // They name an operator's account and no call: whoever comes first has it spoiled.
  const rules = Object.values(fates).map((fate) => proxy.misbehave({ ...subscription, fate, times: 1 }));
  const told = await Promise.all(rules.map(() => reachesAPerson()));
  expect(rules.map(({ met }) => met())).toEqual(rules.map(() => 1));
  for (const { record, silence } of told) {
    expect(withAPerson).toContain(record.outcome);
    expect(silence).toBeLessThan(5_000);
  }
}, 40_000);

const commands = {
  claim: { method: 'POST', path: /^\/events\/claim/ },
  answer: { method: 'POST', path: /\/answer$/ },
  'make-bridge': { method: 'POST', path: /^\/bridges\/[^/]+\?/ },
  play: { method: 'POST', path: /\/play\// },
  originate: { method: 'POST', path: /^\/channels\/[^/?]+\?endpoint/ },
  join: { method: 'POST', path: /\/addChannel/ },
  'stop-sound': { method: 'DELETE', path: /^\/(playbacks|channels\/[^/]+\/moh)/ },
  'hang-up': { method: 'DELETE', path: /^\/channels\/[^/?]+\?/ },
  'destroy-bridge': { method: 'DELETE', path: /^\/bridges\// },
  'return-to-dialplan': { method: 'POST', path: /\/continue\?/ },
} satisfies Record<string, Omit<Misbehaviour, 'fate'>>;

interface Case {
  what: string;
  misbehaviours: Misbehaviour[];
  /** Spoiled from the moment on in which the operator gives the caller over to an agency. */
  agency?: boolean;
  /** What has to be true of the call besides. */
  besides?: (told: Told) => void | Promise<void>;
}

const refused: Fate = { answer: 500 };

/** What must end is insisted on: without a second try a greeting or a leg lasts for seconds more. */
const secondTries: Record<string, Pick<Case, 'besides'>> = {
  'stop-sound': { besides: ({ record }) => expect(record.outcome).toBe('answered') },
  'hang-up': {
    besides: ({ record }) =>
      until(
        'no leg of the call is left',
        async () => !(await centre.channels()).some((channel) => channel.includes(`${record.id}.`)),
        4_500,
      ),
  },
};

const cases: Case[] = [
  ...Object.entries(commands).flatMap(([name, which]) =>
    Object.entries(fates).map(([how, fate]): Case => {
      // Nobody is given back to the dialplan unless something else went wrong before.
      const before = name === 'return-to-dialplan' ? [{ ...commands.answer, fate: refused, times: 1 }] : [];
      return {
        what: `${name}, once: ${how}`,
        misbehaviours: [...before, { ...which, fate, times: 1 }],
        // What is not there has ended, and needs no second try: about that ARI is believed for a while.
        ...(how === '404' ? {} : secondTries[name]),
      };
    }),
  ),
  ...(['answer', 'make-bridge', 'play', 'originate', 'join', 'stop-sound'] as const).flatMap((name) =>
    (['404', '409', '500 and no JSON', 'no answer'] as const).map((how): Case => {
      const fate = fates[how] ?? refused;
      return { what: `${name}, always: ${how}`, misbehaviours: [{ ...commands[name], fate }] };
    }),
  ),
  ...(['play', 'originate', 'join', 'stop-sound', 'hang-up'] as const).flatMap((name) =>
    Object.entries(fates).map(([how, fate]): Case => {
      return {
        what: `an agency's ${name}: ${how}`,
        misbehaviours: [{ ...commands[name], fate, times: 1 }],
        agency: true,
      };
    }),
  ),
];

describe('commands answered wrongly or not at all', () => {
  const runs = new Map<string, Promise<() => Told>>();

  beforeAll(() => {
    const next = cases[Symbol.iterator]();
    const settle = new Map<string, (told: () => Told) => void>();
    for (const { what } of cases) runs.set(what, new Promise((resolve) => settle.set(what, resolve)));
    // So many at once; each takes the next case when it is through with one.
    const worker = async (): Promise<void> => {
      for (const one of next) {
        const told = await spoilt(one).then(
          (done) => () => done,
          (error: unknown) => () => {
            throw error;
          },
        );
        settle.get(one.what)?.(told);
      }
    };
    for (let count = 0; count < atOnce; count += 1) void worker();
  });

  test.each(cases)(
    '$what',
    async ({ what }) => {
      const told = (await runs.get(what))?.();
      expect(withAPerson).toContain(told?.record.outcome);
      expect(told?.silence).toBeLessThan(5_000);
    },
    60_000,
  );

  test('nothing is left of any of them', async () => {
    proxy.behave();
    await centre.quiet(40_000);
    expect(await centre.api.alarms('record-refused')).toEqual([]);
  }, 60_000);
});

async function spoilt({ misbehaviours, agency = false, besides }: Case): Promise<Told> {
  const number = nextNumber();
  const rules: ReturnType<AriProxy['misbehave']>[] = [];
  const spoil = (): void => {
    for (const how of misbehaviours) rules.push(proxy.misbehave({ ...how, caller: number }));
  };
  if (!agency) spoil();
  const told = await reachesAPerson(number, async (caller) => {
    if (!agency) return;
    const { incidentId } = await centre.api.taken(caller.wire);
    spoil();
    await givenOver(incidentId, caller);
  });
  await until('the command met its fate', () => rules.every(({ met }) => met() > 0));
  await besides?.(told);
  return told;
}

/** The operator gives the caller over to an agency, and leaves when it has accepted. */
async function givenOver(incidentId: string, caller: LineCaller): Promise<void> {
  const answer = await centre.api.ask('POST', `/v1/incidents/${incidentId}/dispatches`, {
    body: { agencyId: 'damkar', mode: 'transfer' },
  });
  expect(answer.status).toBe(202);
  await until('the caller hears the agency and nobody else', () => caller.hearsOnly(tones.agency, 0.2), 25_000);
}
