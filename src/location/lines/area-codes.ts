/** The area code of fixed lines as it is dialled within the country, and the area's name: 0761, Pekanbaru. */
interface AreaCode {
  readonly code: string;
  readonly name: string;
}

/**
 * The area that a fixed line's number (E.164) belongs to; the longest code that fits wins. Null for mobile numbers (+628…),
 * for other countries and where no code fits.
 */
export function areaOf(number: string, codes: readonly AreaCode[]): AreaCode | null {
  const national = /^\+62([1-79]\d{1,13})$/.exec(number)?.[1];
  if (national === undefined) return null;
  const dialled = `0${national}`;
  const fitting = codes.filter(({ code }) => /^0[1-9]\d*$/.test(code) && dialled.startsWith(code));
  return fitting.reduce<AreaCode | null>(
    (best, area) => (best === null || area.code.length > best.code.length ? area : best),
    null,
  );
}
