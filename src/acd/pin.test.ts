import { fakeClock } from '../../test/support/fake-clock.ts';
import { newPin, pinDigest } from '../platform/pin.ts';
import { createPinCheck } from './pin.ts';

const minute = 60_000;

async function check() {
  const clock = fakeClock();
  const digest = await pinDigest('123456');
  const people = new Map([
    ['101', { id: 'a', pinDigest: digest }],
    ['102', { id: 'b', pinDigest: await pinDigest('123456') }],
    ['103', { id: 'c', pinDigest: null }],
  ]);
  return { clock, people, checkPin: createPinCheck({ clock, find: (extension) => people.get(extension) }) };
}
const wrong = { right: false, reason: 'wrong', operatorId: 'a' };
const locked = { right: false, reason: 'locked', operatorId: 'a' };

describe('PINs', () => {
  it('are six digits, and kept with a salt of their own', async () => {
    expect(newPin()).toMatch(/^\d{6}$/);
    const [first, second] = [await pinDigest('123456'), await pinDigest('123456')];
    expect(first).toMatch(/^[0-9a-f]{32}:[0-9a-f]{64}$/);
    expect(first).not.toBe(second);
  });

  it('open with the right one only', async () => {
    const { checkPin } = await check();
    expect(await checkPin('101', '123456')).toEqual({ right: true, operatorId: 'a' });
    expect(await checkPin('101', '123457')).toEqual(wrong);
    expect(await checkPin('103', '')).toEqual({ ...wrong, operatorId: 'c' });
    expect(await checkPin('999', '123456')).toEqual({ ...wrong, operatorId: null });
  });

  it('are locked for one extension after five wrong tries, also all at once, until ten minutes have passed', async () => {
    const { checkPin, clock } = await check();
    const tries = await Promise.all(['1', '2', '3', '4', '5', '6', '7'].map((pin) => checkPin('101', pin)));
    expect(tries).toEqual([wrong, wrong, wrong, wrong, wrong, locked, locked]);
    expect(await checkPin('101', '123456')).toEqual(locked);
    expect(await checkPin('102', '123456')).toEqual({ right: true, operatorId: 'b' });
    clock.advance(10 * minute - 1);
    expect(await checkPin('101', '123456')).toEqual(locked);
    clock.advance(1);
    expect(await checkPin('101', '123456')).toEqual({ right: true, operatorId: 'a' });
  });

  it('a right one forgets the wrong ones before, and so does a new PIN', async () => {
    const { checkPin, people } = await check();
    for (const pin of ['1', '2', '3', '4', '123456', '1', '2', '3', '4']) await checkPin('101', pin);
    expect(await checkPin('101', '5')).toEqual(wrong);
    expect(await checkPin('101', '123456')).toEqual(locked);
    people.set('101', { id: 'a', pinDigest: await pinDigest('654321') });
    expect(await checkPin('101', '654321')).toEqual({ right: true, operatorId: 'a' });
  });
});
