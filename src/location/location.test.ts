import { arrival, circle, halfCharacter, inside, someFix, words } from '../../test/support/fixes.ts';
import type { Sighting } from './fix.ts';
import { fixOf, nowhere, receive, type CallLocation, type Received } from './location.ts';

const with_ = (fixes: Received['fixes'], unusable: Received['unusable'] = []): Received => ({ fixes, unusable });
const many = (count: number, over: Parameters<typeof someFix>[0] = {}) =>
  Array.from({ length: count }, () => someFix(over));
const tooMany = { source: 'aml-https', reason: 'more than 100 locations came of this source' };

describe('what is received', () => {
  it('is added in the order in which it came, and the best is chosen anew', () => {
    const cell = someFix({ source: 'cell', shape: circle(900), place: inside('Sail') });
    const gps = someFix({ shape: circle(20), place: inside('Kulim') });
    const first = receive(nowhere, with_([cell]), arrival);
    expect(first).toMatchObject({ fixes: [cell], unusable: [], bestChanged: true });
    const second = receive(first.location, with_([gps]), arrival);
    expect(second.location.fixes).toEqual([cell, gps]);
    expect(second.location.best?.fixId).toBe(gps.id);
    expect(second).toMatchObject({ fixes: [gps], bestChanged: true });
    // What was handed in is as it was.
    expect(first.location.fixes).toEqual([cell]);
    expect(nowhere).toEqual({ fixes: [], unusable: [], networks: [], best: null });
  });

  it('leaves the choice alone where there is no new fix', () => {
    const { location } = receive(nowhere, with_([someFix()]), arrival);
    const again = receive(location, with_(location.fixes, [{ source: 'reference', reason: 'no' }]), arrival + 60_000);
    expect(again).toMatchObject({ fixes: [], bestChanged: false });
    expect(again.location.best).toBe(location.best);
  });

  it('counts the same fix once, within one message and over several', () => {
    const fix = someFix();
    const { location, fixes } = receive(nowhere, with_([fix, fix]), arrival);
    expect(fixes).toEqual([fix]);
    // The first word stands, whatever a later one of the same name says.
    const merged = receive(location, with_([{ ...fix, shape: circle(1) }]), arrival);
    expect(merged.location.fixes).toEqual([fix]);
  });

  it('keeps the networks that are known', () => {
    const before: CallLocation = { ...nowhere, networks: [] };
    expect(receive(before, with_([someFix()]), arrival).location.networks).toBe(before.networks);
  });
});

describe('what would make a call too heavy to carry', () => {
  const corners = Array.from({ length: 1_000 }, (_, n) => ({ latitude: 0.5 + n / 1e7, longitude: 101.123456789 }));
  const heavy = (over: Parameters<typeof someFix>[0] = {}) => someFix({ shape: { type: 'polygon', corners }, ...over });
  const tooHeavy = { source: 'reference', reason: 'a location has more corners or words than can be kept' };

  it('is left out and said, and what is light comes in beside it', () => {
    const light = someFix({ shape: circle(20) });
    const sent = Array.from({ length: 20 }, () => heavy({ source: 'reference' }));
    const { location } = receive(nowhere, with_([...sent, light]), arrival);
    expect(location.fixes).toEqual([sent[0], light]);
    expect(location.unusable).toMatchObject([tooHeavy]);
    expect(JSON.stringify(location).length).toBeLessThan(70_000);
    const later = receive(location, with_([heavy({ source: 'reference' }), someFix()]), arrival);
    expect(later.fixes).toHaveLength(1);
    expect(later.unusable).toEqual([]);
  });

  it('keeps no operator from saying where the caller is', () => {
    const { location } = receive(nowhere, with_([heavy(), heavy()]), arrival);
    expect(receive(location, with_([heavy({ source: 'operator' })]), arrival).fixes).toHaveLength(1);
  });
});

describe('the best has changed', () => {
  const gps = someFix({ shape: circle(20) });
  const before = receive(nowhere, with_([gps]), arrival).location;

  it.each([
    ['another fix', someFix({ shape: circle(10) })],
    ['its district', words('Sail', { place: inside('Sail') })],
    ['its address', someFix({ source: 'subscriber', shape: null, civic: { text: 'Jl. Melati 5' } })],
    ['that it is outside', someFix({ shape: circle(900), place: { ...inside('x'), district: null, outside: true } })],
  ])('with %s', (_what, fix) => {
    expect(receive(before, with_([fix]), arrival).bestChanged).toBe(true);
  });

  it('not with a fix that says no more', () => {
    expect(receive(before, with_([someFix({ shape: circle(900) })]), arrival + 1_000).bestChanged).toBe(false);
  });
});

describe('a flood', () => {
  it('is kept up to a hundred, and the reason once', () => {
    const merged = receive(nowhere, with_(many(150)), arrival);
    expect(merged.location.fixes).toHaveLength(100);
    expect(merged.unusable).toEqual([{ ...tooMany, at: arrival }]);
    const later = receive(merged.location, with_(many(3)), arrival + 1);
    expect(later.fixes).toEqual([]);
    expect(later.unusable).toEqual([]);
    expect(later.location.fixes).toEqual(merged.location.fixes);
  });

  it('takes exactly a hundred without a word', () => {
    const { location } = receive(nowhere, with_(many(99)), arrival);
    expect(receive(location, with_(many(1)), arrival)).toMatchObject({ fixes: [{}], unusable: [] });
  });

  it('keeps no operator from saying where the caller is', () => {
    const { location } = receive(nowhere, with_(many(100)), arrival);
    const point = someFix({ source: 'operator', shape: circle(50) });
    const merged = receive(location, with_([point]), arrival);
    expect(merged.location.best?.fixId).toBe(point.id);
    expect(merged.location.fixes).toHaveLength(101);
    const said = receive(nowhere, with_(many(120, { source: 'operator' })), arrival);
    expect(said.location.fixes).toHaveLength(100);
  });

  it('of reasons is kept up to a hundred', () => {
    const reasons = Array.from({ length: 150 }, (_, n) => ({ source: 'pidf-lo', reason: `reason ${n}` }));
    const { location } = receive(nowhere, with_([], reasons), arrival);
    expect(location.unusable).toHaveLength(100);
    const later = receive(location, with_([someFix()], [{ source: 'cell', reason: 'one more' }]), arrival);
    expect(later.unusable).toEqual([]);
    expect(later.location.fixes).toHaveLength(1);
  });
});

describe('what cannot be used', () => {
  const reason = { source: 'pidf-lo', reason: 'it is broken' };

  it('is kept with its time, once by source and reason', () => {
    const { location, unusable } = receive(
      nowhere,
      with_([], [reason, reason, { ...reason, source: 'cell' }]),
      arrival,
    );
    expect(unusable).toEqual([
      { ...reason, at: arrival },
      { ...reason, source: 'cell', at: arrival },
    ]);
    const again = receive(location, with_([], [reason]), arrival + 5);
    expect(again.unusable).toEqual([]);
    expect(again.location.unusable).toEqual(unusable);
  });

  it('is fit to be shown and stored: short, on a line, no half of a character', () => {
    const hostile = `\u202e"${'x'.repeat(20)}\ud83d"\u0000\n${'y'.repeat(1_000)}`;
    const { location } = receive(nowhere, with_([], [{ source: 'pidf-lo', reason: hostile }]), arrival);
    const shown = location.unusable[0]?.reason ?? '';
    expect(shown).toMatch(/^"x{20} " y+$/);
    expect(shown).toHaveLength(300);
    expect(shown).not.toMatch(halfCharacter);
  });
});

describe('a fix', () => {
  const call = { callId: 'call', arrivedAt: arrival };
  const sighting: Sighting = { method: 'GPS', shape: circle(20), civic: null, confidence: 95, at: arrival };
  const came = { receivedAt: arrival, place: null };

  it('is the same whenever it comes, and wherever the map puts it', () => {
    const fix = fixOf(call, 'aml-sms', sighting, came);
    expect(fix).toEqual({ ...sighting, id: fix.id, source: 'aml-sms', ...came, detail: {}, madeUp: false });
    expect(fix.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(fixOf(call, 'aml-sms', sighting, { receivedAt: arrival + 9, place: inside('Sail') }).id).toBe(fix.id);
  });

  it.each([
    ['call', fixOf({ ...call, callId: 'other' }, 'aml-sms', sighting, came)],
    ['source', fixOf(call, 'aml-https', sighting, came)],
    ['method', fixOf(call, 'aml-sms', { ...sighting, method: 'Cell' }, came)],
    ['shape', fixOf(call, 'aml-sms', { ...sighting, shape: circle(21) }, came)],
    ['address', fixOf(call, 'aml-sms', { ...sighting, civic: { A1: 'Riau' } }, came)],
    ['confidence', fixOf(call, 'aml-sms', { ...sighting, confidence: null }, came)],
    ['time', fixOf(call, 'aml-sms', { ...sighting, at: arrival + 1 }, came)],
  ])('of another %s is another one', (_what, other) => {
    expect(other.id).not.toBe(fixOf(call, 'aml-sms', sighting, came).id);
  });
});
