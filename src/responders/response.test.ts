import fc from 'fast-check';
import { signLink, readLink } from './link.ts';
import { decideResponse, furthest, reachedAt, responseStates, type ResponseStep } from './response.ts';

test('a crew goes forward only, and each step is noted once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...responseStates)), (wanted) => {
      const steps: ResponseStep[] = [];
      for (const [at, state] of wanted.entries()) {
        const before = furthest(steps)?.state;
        const decided = decideResponse(steps, state);
        if (decided.result === 'new') steps.push({ state, at });
        if (decided.result === 'same') expect(decided.at).toBe(steps.at(-1)?.at);
        if (decided.result === 'behind') expect(decided.state).toBe(before);
      }
      const order = steps.map(({ state }) => responseStates.indexOf(state));
      expect(order).toEqual([...new Set(order)].sort());
      const last = furthest(steps);
      for (const state of responseStates) {
        const reached = last !== null && responseStates.indexOf(last.state) >= responseStates.indexOf(state);
        expect(reachedAt(steps, state) !== null).toBe(reached);
      }
    }),
  );
});

const id = '01940000-0000-7000-8000-00000000abcd';

test('a link holds until its expiry', () => {
  const token = signLink('secret', id, 50_000);
  expect(readLink('secret', token, 49_999)).toEqual({ link: 'good', dispatchId: id });
  expect(readLink('secret', token, 50_000)).toEqual({ link: 'expired' });
  expect(token).toMatch(/^[A-Za-z0-9_-]{70}$/);
});

test('a link with any other character, or of another secret, is forged; what is no link throws nothing', () => {
  const token = signLink('secret', id, 50_000);
  expect(readLink('other', token, 0)).toEqual({ link: 'forged' });
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: token.length - 1 }), fc.constantFrom(...characters), (place, other) => {
      fc.pre(token[place] !== other);
      const forged = token.slice(0, place) + other + token.slice(place + 1);
      expect(readLink('secret', forged, 0)).toEqual({ link: 'forged' });
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => expect(readLink('secret', text, 0)).toEqual({ link: 'forged' })));
});
