// What the commands and the tests use of scripts/runtime/. Tests in TypeScript find the types in runtime.d.mts.
export { apiClient, createOperator, createToken, pointTrunksHere } from './runtime/accounts.mjs';
export { asteriskCli, startAsterisk } from './runtime/asterisk.mjs';
export { migrateDatabase, startController } from './runtime/controller.mjs';
export { reservePorts } from './runtime/ports.mjs';
export { startPostgres } from './runtime/postgres.mjs';
export { startProcess } from './runtime/processes.mjs';
export { StepError } from './runtime/progress.mjs';
export { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
export { cacheDirectory } from './runtime/settings.mjs';
export { startRedis } from './runtime/redis.mjs';
export { startStack } from './runtime/stack.mjs';
export { ensureTools } from './runtime/tools.mjs';
export { waitUntil } from './runtime/wait.mjs';
