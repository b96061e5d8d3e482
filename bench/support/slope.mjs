// How fast something grows: a straight line through samples, and how sure that is.

/**
 * The slope of a least-squares line through `points` (`[seconds, value]`), an hour, with half of its 95% interval. Samples that
 * follow each other are alike (what is collected falls at once and rises slowly): they count as the fewer that are independent.
 */
export function slopeEachHour(points) {
  const count = points.length;
  if (count < 8) throw new Error(`${count} samples are too few for a slope`);
  const mean = (column) => points.reduce((sum, point) => sum + point[column], 0) / count;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
  const rest = points.map(([at, value]) => value - y - slope * (at - x));
  const squares = rest.reduce((sum, one) => sum + one ** 2, 0);
  const next = rest.slice(1).reduce((sum, one, index) => sum + one * rest[index], 0);
  const alike = squares === 0 ? 0 : Math.min(0.95, Math.max(0, next / squares));
  const independent = Math.max(3, (count * (1 - alike)) / (1 + alike));
  const error = Math.sqrt(squares / (independent - 2) / spread) * Math.sqrt(count / independent);
  return { slope: slope * 3_600, half: 1.96 * error * 3_600 };
}
