import { meets } from '../support/load/expect.ts';
import { storeFaults } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { Stores } from '../support/load/stores.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// Redis fails while calls are in every stage and new ones come, and agencies are engaged meanwhile.
let stores: Stores;
const load = loadOfFile(async (own) => {
  stores = await Stores.start('load-redis', own);
  return UnderLoad.start({ name: 'load-redis', servers: stores.servers });
});

meets('it is killed, and comes again', load, (it) => storeFaults(it, stores).redisKilled);
meets('it stands still', load, (it) => storeFaults(it, stores).redisPaused);
meets('its memory is full', load, (it) => storeFaults(it, stores).redisFull);
meets('it loses all that it held', load, (it) => storeFaults(it, stores).redisEmptied);
