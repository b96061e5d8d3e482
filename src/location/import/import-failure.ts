import { codeOf, messageOf } from '../../platform/errors.ts';
import { isUnavailable } from '../../platform/postgres-errors.ts';
import { UnfitFile } from './import-file.ts';
import type { Progress } from './import-run.ts';

/** Why an import failed, as three answers. */
interface Failure {
  readonly tried: string;
  readonly happened: string;
  readonly next: string;
}

const again = 'then run the same command again';

/** Says in plain words what became of an import of `path` that threw `error` while it was in `phase`. */
export function failureOf(
  error: unknown,
  { path, phase, stopped }: { readonly path: string; readonly phase: Progress['phase']; readonly stopped: boolean },
): Failure {
  const tried = `import ${path}`;
  if (phase === 'committing') {
    return {
      tried,
      happened: `the database was lost at the very end (${messageOf(error)}): whether the rows are stored is not known`,
      next: 'run the same command again: what is stored already counts as unchanged',
    };
  }
  const { happened, next } = stopped
    ? { happened: 'it was stopped', next: 'run the same command again when it suits' }
    : causeOf(error, path);
  return { tried, happened: `${happened}. Nothing was changed`, next };
}

function causeOf(error: unknown, path: string): { happened: string; next: string } {
  const code = codeOf(error) ?? '';
  if (error instanceof UnfitFile) {
    return {
      happened: `${path} is not fit: ${error.message}`,
      next: 'check that it is the right file, and its options',
    };
  }
  if (code.startsWith('Z_')) {
    return {
      happened: `${path} is not a whole .gz file (${messageOf(error)})`,
      next: `fetch it anew and try it with gzip -t, ${again}`,
    };
  }
  if (/^(ENOENT|EACCES|EISDIR|EPERM|EROFS|ENOSPC|ENOTDIR)$/.test(code)) {
    return { happened: messageOf(error), next: `check the name and who may read and write there, ${again}` };
  }
  if (code === '55P03') {
    return { happened: 'another import is running', next: 'wait for it to end, then run the same command again' };
  }
  if (code === '42P01') {
    return {
      happened: `the database has no tables for it (${messageOf(error)})`,
      next: `run npm run migrate, ${again}`,
    };
  }
  if (isUnavailable(error)) {
    return {
      happened: `PostgreSQL is away, or went away (${messageOf(error)})`,
      next: `check SIAGA_DATABASE_URL and that PostgreSQL runs, ${again}`,
    };
  }
  return { happened: messageOf(error), next: "see to what that says (PostgreSQL's own log may say more), " + again };
}
