import { meets } from '../support/load/expect.ts';
import { asteriskKilled, controllerFaults, storeFaults, trunksDead } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { Stores } from '../support/load/stores.ts';
import { startPair } from '../support/load/under-load.ts';

// The short version of test/load: the faults that cost most, one after the other in one centre, with calls in every stage and
// five new ones a second. `npm run test:faults` has all of them, each part in a centre of its own.
let stores: Stores;
const load = loadOfFile(async (own) => {
  stores = await Stores.start('under-load', own);
  return startPair({ name: 'under-load', servers: stores.servers });
});

meets('Redis stands still', load, (it) => storeFaults(it, stores).redisPaused);
meets('PostgreSQL and Redis are killed', load, (it) => storeFaults(it, stores).bothKilled);
meets('every trunk is dead', load, trunksDead);
meets('the leader is killed', load, (it) => controllerFaults(it).leaderKilled);
meets('both controllers are killed', load, (it) => controllerFaults(it).bothKilled);
meets('Asterisk is killed', load, asteriskKilled);
