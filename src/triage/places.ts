import type { CallLocation } from '../location/location.ts';

/** From where a call may come, as far as it can be told from others: its cells and its district. */
export function placesOf(location: CallLocation, named: string | null): string[] {
  const places = location.networks.flatMap(({ cell }) =>
    cell === null ? [] : [`cell ${cell.mcc}-${cell.mnc}-${cell.area}-${cell.cell} ${cell.radio}`],
  );
  const district = named ?? location.best?.district ?? null;
  return district === null ? places : [...places, `district ${district.toLowerCase()}`];
}
