import { meets } from '../support/load/expect.ts';
import { trunksDead } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// Every agency's trunk is dead while calls are in every stage and new ones come, and agencies are engaged meanwhile.
const load = loadOfFile(() => UnderLoad.start({ name: 'load-trunks' }));

meets('every trunk is dead, and the callers keep their operators', load, trunksDead);
