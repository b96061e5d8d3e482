// Writes test/fixtures/journal-<n>: a journal with a call in each stage, as this version writes it. To be run when the form of
// what is written has changed; test/unit/older-journals.test.ts says so, and what else is to be done.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { projectDirectory } from './runtime/settings.mjs';

const jest = path.join(projectDirectory, 'node_modules/jest/bin/jest.js');
const args = ['--experimental-vm-modules', jest, '--selectProjects=unit', '--', 'test/unit/older-journals'];
const env = { ...process.env, SIAGA_JOURNAL_FIXTURE: 'write' };
const { status } = spawnSync(process.execPath, args, { cwd: projectDirectory, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
