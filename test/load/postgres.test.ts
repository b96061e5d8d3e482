import { meets } from '../support/load/expect.ts';
import { storeFaults } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { Stores } from '../support/load/stores.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// PostgreSQL fails, and PostgreSQL and Redis at once, while calls are in every stage and new ones come.
let stores: Stores;
const load = loadOfFile(async (own) => {
  stores = await Stores.start('load-postgres', own);
  return UnderLoad.start({ name: 'load-postgres', servers: stores.servers });
});

meets('it is killed, and away for a while', load, (it) => storeFaults(it, stores).postgresKilled);
meets('it stands still', load, (it) => storeFaults(it, stores).postgresPaused);
meets('it and Redis are killed', load, (it) => storeFaults(it, stores).bothKilled);
