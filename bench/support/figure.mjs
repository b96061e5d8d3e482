// What a measurement comes to: one object per figure, the same shape for all, from several runs.

/**
 * A figure of several runs. `ours` and `peer.runs` hold one entry per run: a list of samples (each call's milliseconds), or a
 * number where a run has only one. `aim` says in words what was aimed at and, as `isMet(ours, peer)`, whether it was. `shortfall`
 * is the reason that was found, printed only where the aim is missed. `about` is what else belongs to it (counts, settings).
 */
export function figure({ name, unit, ours, peer, aim, shortfall, about }) {
  const mine = summary(ours);
  const theirs = peer && { name: peer.name, ...summary(peer.runs) };
  // Of nothing measured no aim is met: null is less than any limit.
  const measured = mine.p50 !== null && (!theirs || theirs.p50 !== null);
  const met = aim ? measured && aim.isMet(mine, theirs ?? undefined) : null;
  return {
    name,
    unit,
    ours: mine,
    peer: theirs ?? null,
    ratio: theirs && measured && theirs.p50 > 0 ? rounded(mine.p50 / theirs.p50) : null,
    aim: aim?.text ?? null,
    met,
    ...reasonOf({ met, measured, shortfall }),
    ...(about ? { about } : {}),
  };
}

function reasonOf({ met, measured, shortfall }) {
  if (!measured) return { reason: 'nothing was measured' };
  return met === false && shortfall ? { reason: shortfall } : {};
}

/**
 * p50, p95 and p99 are medians over the runs; min and max the least and the most of any. `runs` tells how far the runs were apart.
 */
export function summary(runs) {
  if (runs.length === 0) throw new Error('a figure without a run');
  const each = runs.map((run) => (typeof run === 'number' ? oneNumber(run) : spread(run)));
  const middle = (name) => rounded(median(each.map((one) => one[name])));
  return {
    p50: middle('p50'),
    p95: middle('p95'),
    p99: middle('p99'),
    min: rounded(Math.min(...each.map(({ min }) => min))),
    max: rounded(Math.max(...each.map(({ max }) => max))),
    runs: each.map(({ p50 }) => rounded(p50)),
  };
}

/** Percentiles of samples by nearest rank. */
export function spread(samples) {
  if (samples.length === 0) return oneNumber(Number.NaN);
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), min: sorted[0], max: sorted.at(-1) };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const oneNumber = (value) => ({ p50: value, p95: value, p99: value, min: value, max: value });

/** Three digits that count are more than any of this is good for. */
function rounded(value) {
  if (!Number.isFinite(value)) return null;
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
