import { isLong, type UnderLoad } from './under-load.ts';

/** Milliseconds that a centre with calls in every stage may take to be there, and to go. */
const startLimit = 120_000;
/** Milliseconds for one fault, as often as it strikes. */
export const limitOfFault = isLong ? 40 * 60_000 : 120_000;

/** A load for the tests of a file; null where this machine cannot have it. What `own` is given is stopped after it, the last first, also when the start fails. */
export function loadOfFile(
  start: (own: (stop: () => void | Promise<void>) => void) => Promise<UnderLoad> | null,
): () => UnderLoad {
  let load: UnderLoad | null = null;
  const stops: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    load = await start((stop) => stops.push(stop));
  }, startLimit);
  afterAll(async () => {
    await load?.stop();
    for (const stop of stops.reverse()) await stop();
  }, startLimit);
  return () => {
    if (load === null) throw new Error('there is no load');
    return load;
  };
}
