import { fakeClock } from '../../test/support/fake-clock.ts';
import { pinDigest } from '../platform/pin.ts';
import { createCrewCheck, type CrewCandidate, type RefusedCrew } from './crew-check.ts';

async function world() {
  const clock = fakeClock();
  const fire = { dispatchId: 'd1', agencyId: 'damkar', digest: await pinDigest('111111') };
  const again = { ...fire, dispatchId: 'd0' };
  const police = { dispatchId: 'd2', agencyId: 'polisi', digest: await pinDigest('222222') };
  const incidents = new Map<string, CrewCandidate[]>([
    ['123456', [fire, police, again]],
    ['777777', [police]],
  ]);
  const refused: RefusedCrew[] = [];
  const lockedOut: string[] = [];
  const crews = createCrewCheck({
    clock,
    dispatchesOf: (number) =>
      number === '999999'
        ? Promise.reject(new Error('PostgreSQL is away'))
        : Promise.resolve(incidents.get(number) ?? []),
    refused: (one) => void refused.push(one),
    lockedOut: (agencyId) => void lockedOut.push(agencyId),
  });
  return { clock, incidents, crews, refused, lockedOut };
}

describe("a crew's number and PIN", () => {
  it("lead to the likeliest dispatch of the agency that has the PIN, and to nobody else's", async () => {
    const { crews, refused } = await world();
    expect(await crews.check('a', '123456', '111111')).toEqual({ dispatchId: 'd1' });
    expect(await crews.check('a', '123456', '222222')).toEqual({ dispatchId: 'd2' });
    expect(await crews.check('a', '777777', '111111')).toBe('wrong');
    expect(await crews.check('a', '000000', '111111')).toBe('wrong');
    expect(refused).toEqual([{ caller: 'a', number: '777777', agencyIds: ['polisi'] }]);
  });

  it('lock a caller after six wrong tries, for ten minutes', async () => {
    const { crews, clock } = await world();
    for (let tries = 0; tries < 6; tries += 1) {
      expect(crews.locked('a')).toBe(false);
      expect(await crews.check('a', '000000', '111111')).toBe('wrong');
    }
    expect([crews.locked('a'), crews.locked('b')]).toEqual([true, false]);
    expect(await crews.check('a', '123456', '111111')).toBe('locked');
    expect(await crews.check('b', '123456', '111111')).toEqual({ dispatchId: 'd1' });
    clock.advance(10 * 60_000);
    expect(await crews.check('a', '123456', '111111')).toEqual({ dispatchId: 'd1' });
  });

  it('of callers who withhold their numbers lock none of the others out', async () => {
    const { crews } = await world();
    for (let tries = 0; tries < 6; tries += 1) expect(await crews.check('', '000000', '111111')).toBe('wrong');
    expect(crews.locked('')).toBe(false);
    expect(await crews.check('', '123456', '111111')).toEqual({ dispatchId: 'd1' });
  });

  it('lock an agency after ten, whoever calls, also all at once, until it has a new PIN; a right one of another counts for none', async () => {
    const { crews, incidents, lockedOut } = await world();
    for (let times = 0; times < 12; times += 1) expect(await crews.check('x', '123456', '222222')).not.toBe('wrong');
    const tries = Array.from({ length: 12 }, (_, index) => crews.check(`c${index}`, '777777', '333333'));
    const answers = await Promise.all(tries);
    expect(answers.filter((answer) => answer === 'wrong')).toHaveLength(10);
    expect(answers.slice(10)).toEqual(['locked', 'locked']);
    expect(lockedOut).toEqual(['polisi']);
    expect(await crews.check('x', '777777', '222222')).toBe('locked');
    expect(await crews.check('x', '123456', '111111')).toEqual({ dispatchId: 'd1' });
    incidents.set('777777', [{ dispatchId: 'd3', agencyId: 'polisi', digest: await pinDigest('444444') }]);
    expect(await crews.check('x', '777777', '444444')).toEqual({ dispatchId: 'd3' });
  });

  it('of which one cannot be looked up hold up no other', async () => {
    const { crews } = await world();
    await expect(crews.check('a', '999999', '111111')).rejects.toThrow('away');
    expect(await crews.check('a', '123456', '111111')).toEqual({ dispatchId: 'd1' });
  });
});
