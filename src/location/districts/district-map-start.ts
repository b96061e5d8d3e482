import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { diskCopy, type DiskCopy } from '../../platform/disk-copy.ts';
import { codeOf, messageOf } from '../../platform/errors.ts';
import { startLiveCopy } from '../../platform/live-copy.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Postgres } from '../../platform/postgres.ts';
import type { Route } from '../../platform/route.ts';
import { districtMapRoutes } from './district-map-routes.ts';
import { districtMapChannel, readStoredMap, seedStoredMap, type StoredMap } from './district-map-store.ts';
import { emptyMap, geoJsonOf, type DistrictMap } from './district-map.ts';
import { readDistrictMap, shown } from './read-district-map.ts';

export interface DistrictMapRoom {
  readonly routes: Route[];
  /** Synchronous, from memory; without districts while no map was ever known. */
  readonly current: () => DistrictMap;
  readonly stop: () => Promise<void>;
}

/** Which district a position lies in: the map that the city brings, until its own is imported. */
export async function startDistrictMap(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the city brings; stored at the first start, unless it is empty. */
  readonly seed: DistrictMap;
}): Promise<DistrictMapRoom> {
  const { postgres, logger, seed } = deps;
  let last: StoredMap | undefined;
  const copy = await startLiveCopy<StoredMap>({
    name: 'district map',
    channel: districtMapChannel,
    postgres,
    clock: deps.clock,
    logger,
    read: async () => {
      last = await readStoredMap(postgres, last);
      if (last) return last;
      if (seed.districts.length === 0) return { version: 0, edition: null, map: seed };
      await seedStoredMap(postgres, seed);
      last = await readStoredMap(postgres);
      return last ?? { version: 1, edition: null, map: seed };
    },
    disk: mapOnDisk(join(deps.stateDir, 'district-map.json'), logger),
    builtIn: { version: 0, edition: null, map: seed },
  });
  const warnOfInvention = ({ map }: StoredMap): void => {
    if (map.madeUp) logger.warn('the borders of the districts are made up: import the official ones');
  };
  warnOfInvention(copy.current());
  copy.onChange(warnOfInvention);
  return {
    routes: districtMapRoutes({ current: copy.current }),
    current: () => copy.current().map,
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}

const savedMap = z.object({ version: z.number(), edition: z.string().nullable(), geojson: z.unknown() });

/** On disk it is GeoJSON too, and read by the same reader. */
function mapOnDisk(file: string, logger: Logger): DiskCopy<StoredMap> {
  const disk = diskCopy(file, savedMap, logger);
  return {
    async read() {
      const saved = await disk.read();
      if (!saved) return undefined;
      const { version, edition, geojson } = saved;
      const { map, faults } = readDistrictMap(geojson);
      if (map) return { version, edition, map };
      // A city without a map has saved that too.
      if (version > 0) logger.error({ file, faults }, 'the disk copy is no district map and is ignored');
      return undefined;
    },
    write: ({ version, edition, map }) => disk.write({ version, edition, geojson: geoJsonOf(map) }),
  };
}

/** The map that ships with a city, empty for a city without one. Throws an Error that names the file and every fault. */
export async function loadDistrictMap(cityId: string): Promise<DistrictMap> {
  const file = fileURLToPath(new URL(`../../../cities/${cityId}-districts.geojson`, import.meta.url));
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return emptyMap;
    throw error;
  }
  const { map, faults } = parseDistrictMap(text);
  if (!map) throw new Error(`${file} is no district map:\n${faults.join('\n')}`);
  return map;
}

/** The same as `readDistrictMap` for the text of a file. Never throws. */
export function parseDistrictMap(text: string): ReturnType<typeof readDistrictMap> {
  let geojson: unknown;
  try {
    geojson = JSON.parse(text);
  } catch (error) {
    return { map: null, faults: [`It is not JSON: ${shown(messageOf(error))}`] };
  }
  return readDistrictMap(geojson);
}
