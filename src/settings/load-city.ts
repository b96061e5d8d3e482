import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cityProfile, type CityProfile } from './city.ts';

/** The file of a city that ships with the project. */
export function cityFile(id: string): string {
  return fileURLToPath(new URL(`../../cities/${id}.json`, import.meta.url));
}

/** Reads a city profile; throws an Error that names the file and every fault. */
export async function loadCity(file: string): Promise<CityProfile> {
  const parsed = cityProfile.safeParse(parseJson(await readFile(file, 'utf8'), file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`${file} is no city profile:\n${faults.join('\n')}`);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON`, { cause: error });
  }
}
