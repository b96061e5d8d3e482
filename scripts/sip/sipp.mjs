/** One SIPp process: started in a folder of its own, ended by its id, never left behind. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './raw.mjs';
import { writeToneFile } from './tones.mjs';

const SCENARIOS = fileURLToPath(new URL('../../test/sipp/', import.meta.url));
const CODECS = { ulaw: ['0', 'PCMU'], alaw: ['8', 'PCMA'] };

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** RTP ports of our phones: SIPp takes the next free pair from here on. Each process starts somewhere else. */
let nextMediaPort = 30000 + (process.pid % 400) * 50;
function mediaPort() {
  nextMediaPort = nextMediaPort >= 49000 ? 30000 : nextMediaPort + 20;
  return nextMediaPort;
}

export class Sipp {
  /**
   * @param sipp `{ command, args }` of SIPp 3.8 or newer
   * @param scenario name of a file in test/sipp
   */
  static async start({
    sipp,
    scenario,
    server,
    address = '127.0.0.1',
    port,
    folder,
    tone = 660,
    level,
    law = 'ulaw',
    keys = {},
    args = [],
    lifetime = 900,
  }) {
    const home = folder ?? mkdtempSync(join(tmpdir(), `siaga-${scenario}-`));
    mkdirSync(home, { recursive: true });
    for (const each of ['ulaw', 'alaw'])
      writeToneFile(join(home, `tone.${each}`), { frequency: tone, level, law: each });
    const [payload, codec] = CODECS[law];
    const words = [
      ...(server ? [`${server.host}:${server.port}`] : []),
      ...['-sf', join(SCENARIOS, `${scenario}.xml`)],
      ...['-i', address, '-p', String(port), '-bind_local', '-mi', address],
      ...['-min_rtp_port', String(mediaPort()), '-max_rtp_port', '59999'],
      ...['-ci', '127.0.0.1', '-cp', String(await freePort())],
      ...['-nostdin', '-aa', '-default_behaviors', 'all,-abortunexp', '-rfc3339'],
      ...['-trace_err', '-error_file', join(home, 'errors.log')],
      ...['-timeout', `${lifetime}s`], // should we be killed, SIPp does not outlive us for long
      ...Object.entries({
        payload,
        codec,
        tone_ulaw: join(home, 'tone.ulaw'),
        tone_alaw: join(home, 'tone.alaw'),
        ...keys,
      }).flatMap(([key, value]) => ['-key', key, String(value)]),
      ...args,
    ];
    const out = openSync(join(home, 'screen.log'), 'w');
    const child = spawn(sipp.command, [...(sipp.args ?? []), ...words], {
      cwd: home,
      env: { ...process.env, TZ: 'UTC', TERM: 'dumb' },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    return new Sipp(child, { folder: home, address, port, scenario });
  }

  constructor(child, about) {
    Object.assign(this, about);
    this.child = child;
    this.pid = child.pid;
    running.add(child);
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ error: error.message }));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    }).then((end) => {
      running.delete(child);
      this.end = end;
      return end;
    });
  }

  /** What SIPp complained about, for error messages. */
  complaints() {
    const read = (name) => {
      try {
        return readFileSync(join(this.folder, name), 'utf8');
      } catch {
        return '';
      }
    };
    const errors = read('errors.log')
      .split('\n')
      .filter((line) => /^\d{4}-/.test(line) && !/next to the scenario|jumping to label/.test(line));
    return [this.end && `SIPp (${this.scenario}) ended: ${JSON.stringify(this.end)}`, ...errors.slice(-8)]
      .filter(Boolean)
      .join('\n');
  }

  /** Ends the process: asks first, then insists. */
  async stop({ within = 1000 } = {}) {
    if (!this.end) this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), within);
    const end = await this.exited;
    clearTimeout(timer);
    return end;
  }

  /** As a phone whose plug is pulled: nothing more is sent. */
  kill() {
    this.child.kill('SIGKILL');
    return this.exited;
  }
}
