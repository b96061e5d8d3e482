/** SIP messages as text: reading them, and reading SIPp's message trace while it grows. */
import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';

/** One SIP message. Header names are looked up without regard to case. */
export class SipMessage {
  constructor(text, { at = Date.now(), sent = false } = {}) {
    const [head, ...body] = text.split(/\r?\n\r?\n/);
    const [start, ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
    this.text = text;
    this.at = at;
    this.sent = sent;
    this.start = start;
    this.body = body.join('\r\n\r\n');
    const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(start);
    this.status = status ? Number(status[1]) : undefined;
    this.reason = status?.[2];
    this.method = status ? undefined : start.split(' ')[0];
    this.uri = status ? undefined : start.split(' ')[1];
    this.headers = lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]] : [];
    });
  }

  /** First header of that name, or undefined. */
  header(name) {
    return this.all(name)[0];
  }

  all(name) {
    return this.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  get callId() {
    return this.header('Call-ID');
  }

  get cseq() {
    return Number.parseInt(this.header('CSeq') ?? '', 10);
  }

  /** The method of a request, or of the request a response answers. */
  get about() {
    return this.method ?? this.header('CSeq')?.split(/\s+/)[1];
  }
}

/** Display name, user and tag of a From, To, Contact or P-Asserted-Identity. */
export function parseAddress(value = '') {
  const match = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<?(?:sips?|tel):([^@;>\s]*)(?:@([^;>\s]*))?/.exec(value);
  return {
    name: (match?.[1] ?? match?.[2] ?? '').replace(/\\(.)/g, '$1'),
    user: match?.[3] ?? '',
    host: match?.[4] ?? '',
    tag: /;\s*tag=([^;>\s]+)/i.exec(value)?.[1],
  };
}

const FRAME = /-{47} (\S+Z)\n\w+ message (sent|received) \[(\d+)\] bytes ?:\n\n/;
const REFUSED = /Unexpected \w+ message received:\n\n(X\w+) [\s\S]*?\nCall-ID: *(\S+)/g;

/**
 * Follows SIPp's -trace_msg file (with -rfc3339 and TZ=UTC): SIPp writes and flushes a message as it sends or
 * receives it, with the microsecond, so the times are SIPp's own however late we read.
 */
export class Trace {
  #fd;
  #read = 0;
  #rest = '';
  #watcher;
  #timer;

  constructor(file, { onMessage, onRefused }) {
    this.onMessage = onMessage;
    this.onRefused = onRefused;
    this.#fd = openSync(file, 'a+');
    this.#watcher = watch(file, () => this.read());
    this.#timer = setInterval(() => this.read(), 200); // should inotify ever miss one
    this.#timer.unref();
    this.#watcher.unref();
  }

  read() {
    if (this.#fd === undefined) return;
    const { size } = fstatSync(this.#fd);
    if (size < this.#read) this.#read = 0; // SIPp has begun the file anew
    while (this.#read < size) {
      const chunk = Buffer.alloc(Math.min(size - this.#read, 1 << 20));
      const count = readSync(this.#fd, chunk, 0, chunk.length, this.#read);
      if (count === 0) break;
      this.#read += count;
      this.#rest += chunk.toString('latin1', 0, count); // one character per byte: lengths are in bytes
    }
    this.#parse();
  }

  #parse() {
    for (;;) {
      const match = FRAME.exec(this.#rest);
      if (!match) break;
      const [head, stamp, way, length] = match;
      const start = match.index + head.length;
      const end = start + Number(length);
      if (this.#rest.length <= end) break;
      this.#notes(this.#rest.slice(0, match.index));
      const text = Buffer.from(this.#rest.slice(start, end), 'latin1').toString('utf8');
      this.#rest = this.#rest.slice(end + 1);
      this.onMessage(new SipMessage(text, { at: toMilliseconds(stamp), sent: way === 'sent' }));
    }
    if (!FRAME.test(this.#rest)) {
      const used = this.#notes(this.#rest);
      this.#rest = this.#rest.slice(used);
    }
  }

  /** SIPp's remarks between the messages: a command that the call's state does not know. */
  #notes(text) {
    let used = 0;
    for (const match of text.matchAll(REFUSED)) {
      used = match.index + match[0].length;
      this.onRefused?.(match[1], match[2]);
    }
    return used;
  }

  close() {
    this.read();
    if (this.#fd === undefined) return;
    clearInterval(this.#timer);
    this.#watcher.close();
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** `2026-11-22T05:24:54.908950Z` → milliseconds since 1970 with their fraction. */
export function toMilliseconds(stamp) {
  const fraction = /\.(\d+)Z$/.exec(stamp)?.[1] ?? '0';
  return Date.parse(stamp.replace(/\.\d+Z$/, 'Z')) + Number(`0.${fraction}`) * 1000;
}
