// A PostgreSQL server of a part's own, as durable as in production, with the centre's tables.
import path from 'node:path';
import { migrateDatabase, reservePorts, startPostgres } from '../../scripts/runtime.mjs';

/** Starts it in `folder`. Returns `{ url, pid, stop }`. */
export async function startDatabase({ folder, tools, settings = {} }) {
  const ports = await reservePorts();
  try {
    const postgres = await startPostgres({
      directory: path.join(folder, 'database'),
      tools,
      port: ports.postgres,
      settings,
    });
    const stop = async () => {
      await postgres.stop();
      await ports.release();
    };
    try {
      await migrateDatabase(postgres.url);
      return { url: postgres.url, pid: postgres.pid, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await ports.release();
    throw error;
  }
}
