// One at a time across processes, by a file that names its holder. A holder that died leaves a lock nobody respects.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, thisProcess } from './processes.mjs';
import { StepError, step } from './progress.mjs';

export async function withLock(lockFile, { what, limitSeconds = 900 }, work) {
  mkdirSync(path.dirname(lockFile), { recursive: true });
  if (!tryToTake(lockFile)) {
    await step(`Waiting for another run that is busy with the same: ${what}`, () =>
      waitFor(lockFile, what, limitSeconds),
    );
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

async function waitFor(lockFile, what, limitSeconds) {
  const deadline = Date.now() + limitSeconds * 1000;
  while (!tryToTake(lockFile)) {
    if (Date.now() > deadline) {
      throw new StepError({
        tried: `get a turn to ${what}`,
        happened: `process ${holderOf(lockFile)?.pid} has held ${lockFile} for over ${limitSeconds} s`,
        next: 'look at what that process does; end it if it hangs, then try again',
      });
    }
    await sleep(200);
  }
}

/** A link appears with its content in one step, so nobody ever reads a half-written lock. */
function tryToTake(lockFile) {
  const mine = `${lockFile}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(thisProcess()));
  try {
    if (link(mine, lockFile)) return true;
    const holder = holderOf(lockFile);
    if (!holder || isAlive(holder)) return false;
    setStaleAside(lockFile);
    return link(mine, lockFile);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Two waiters may see the same dead holder; the slower one would take the faster one's fresh lock away, so it looks. */
function setStaleAside(lockFile) {
  const aside = `${lockFile}.stale.${process.pid}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const taken = holderOf(aside);
  if (taken && isAlive(taken)) link(aside, lockFile);
  rmSync(aside, { force: true });
}

function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
