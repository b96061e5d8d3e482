import { createSegments, type Segments } from './segments.ts';

let dropped: string[];
let retired: string[];
let segments: Segments;
beforeEach(() => {
  dropped = [];
  retired = [];
  segments = createSegments({ drop: (segment) => dropped.push(segment), retire: (segment) => retired.push(segment) });
});

/** An entry of our own that goes straight into memory. */
function take(segment: string, end: number, callId: string | null = null, ended = true): void {
  expect(segments.written({ segment, end }, callId, ended)).toBe(true);
  segments.read(segment, { entries: 1, end, atEnd: false });
}

describe('journal files', () => {
  it('are dropped when PostgreSQL has all of them and no live call needs them', () => {
    take('1', 10, 'call', false);
    take('1', 20);
    segments.projected('1');
    segments.projected('1');
    take('2', 10);
    expect(dropped).toEqual([]);
    take('2', 20, 'call', true);
    expect(dropped).toEqual(['1']);
    expect(segments.knows('1')).toBe(false);
  });

  it('are kept while they are being written', () => {
    take('1', 10);
    segments.projected('1');
    expect(dropped).toEqual([]);
    take('2', 10);
    expect(dropped).toEqual(['1']);
  });

  it('are kept while entries in them were not read', () => {
    take('1', 10);
    segments.written({ segment: '1', end: 20 }, null, true);
    segments.projected('1');
    // Not in its turn: the one before it was not read.
    expect(segments.written({ segment: '2', end: 10 }, null, true)).toBe(false);
    expect(dropped).toEqual([]);
    expect(segments.unread()).toEqual({ segment: '1', from: 10, own: true, growing: false });
    segments.read('1', { entries: 1, end: 20, atEnd: true });
    expect(dropped).toEqual([]);
    segments.projected('1');
    expect(dropped).toEqual(['1']);
    expect(segments.unread()).toEqual({ segment: '2', from: 0, own: true, growing: true });
    segments.read('2', { entries: 1, end: 10, atEnd: true });
    expect(segments.unread()).toBeNull();
    take('2', 20);
  });

  it('are read from the beginning when entries were lost on the way to the disk', () => {
    take('1', 10);
    take('1', 30);
    expect(segments.written({ segment: '1', end: 25 }, null, true)).toBe(false);
    expect(segments.unread()).toMatchObject({ segment: '1', from: 0 });
  });

  it('of dead process starts are read to their end, after our own', () => {
    segments.adopt('dead');
    take('1', 10);
    segments.written({ segment: '1', end: 20 }, null, true);
    segments.written({ segment: '1', end: 30 }, null, true);
    expect(segments.unread()?.segment).toBe('1');
    segments.read('1', { entries: 2, end: 30, atEnd: true });
    expect(segments.unread()).toEqual({ segment: 'dead', from: 0, own: false, growing: false });
    segments.read('dead', { entries: 2, end: 100, atEnd: false });
    segments.projected('dead');
    segments.projected('dead');
    expect(retired).toEqual([]);
    segments.read('dead', { entries: 0, end: 150, atEnd: true });
    expect([retired, dropped]).toEqual([['dead'], []]);
    expect(segments.knows('dead')).toBe(true);
  });
});
