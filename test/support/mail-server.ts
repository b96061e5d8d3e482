import { once } from 'node:events';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
}

export interface MailServer {
  readonly received: ReceivedMail[];
  readonly port: number;
  /** As SIAGA_SMTP_URL names it, in clear unless said otherwise. */
  url(query?: string): string;
  /** What each recipient's address is answered with from now on; null: it is taken. */
  refuse(fault: { code: number; text: string } | null): void;
  close(): Promise<void>;
}

/** A mail server on loopback. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  let fault: { code: number; text: string } | null = null;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo(_address, _session, done) {
      if (fault === null) done();
      else done(Object.assign(new Error(fault.text), { responseCode: fault.code }));
    },
    onData(stream, session, done) {
      let raw = '';
      stream.on('data', (part) => (raw += String(part)));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          raw,
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const bound = server.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening on a port');
  return {
    received,
    port: bound.port,
    url: (query = '?tls=off') => `smtp://127.0.0.1:${bound.port}${query}`,
    refuse: (with_) => void (fault = with_),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
