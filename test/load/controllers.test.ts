import { meets } from '../support/load/expect.ts';
import { controllerFaults } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { startPair } from '../support/load/under-load.ts';

// The controller that leads fails, with another standing by, and both at once, while calls are in every stage and new ones
// come.
const load = loadOfFile(() => startPair({ name: 'load-controllers' }));

meets('the leader is killed, and the standby is there', load, (it) => controllerFaults(it).leaderKilled);
meets('the leader stands still, and the standby is there', load, (it) => controllerFaults(it).leaderPaused);
meets('both are killed', load, (it) => controllerFaults(it).bothKilled);
meets('both stand still', load, (it) => controllerFaults(it).bothPaused);
