import { createTransport } from 'nodemailer';
import type { Clock } from '../platform/clock.ts';
import { codeOf, isError } from '../platform/errors.ts';
import { failedAgain, type SendResult } from './notification.ts';

/** A message as it is mailed. */
export interface Mail {
  to: string;
  /** The address of the sender; its display name is the centre's. */
  from: string;
  subject: string;
  text: string;
  /** The same for every try: mailboxes show such a message once. */
  deliveryId: string;
}

export interface Mailer {
  /** Hands a mail to the mail server, once; delivered means that the server has taken it. Never rejects. */
  send(mail: Mail): Promise<SendResult>;
}

/** For the whole of it, in milliseconds. */
const limit = 20_000;
const stepLimit = 5_000;

/**
 * Mails by the server that `smtpUrl` names: `smtps://user:password@host:465`, or `smtp://host:25`, which then has to offer
 * STARTTLS (RFC 3207) with a certificate that can be verified, but for `?tls=off` on a wire that is trusted.
 */
export function createMailer(smtpUrl: string, deps: { clock: Clock }): Mailer {
  const options = optionsOf(new URL(smtpUrl));
  return {
    async send({ to, from, subject, text, deliveryId }) {
      const transport = createTransport(options);
      // Given up, it is cut off: a slow server would deliver it after all, and another try the same once more.
      const stop = new AbortController();
      const cancel = deps.clock.after(limit, () => stop.abort());
      const host = from.slice(from.lastIndexOf('@') + 1);
      try {
        await transport.sendMail({
          from: { name: 'Siaga 112', address: from },
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${deliveryId}@${host}>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Siaga-Delivery': deliveryId },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: stop.signal,
        });
        return { result: 'delivered' };
      } catch (error) {
        return stop.signal.aborted
          ? failedAgain(`the mail server took longer than ${limit / 1_000} s`)
          : faultOf(error);
      } finally {
        cancel();
        transport.close();
      }
    },
  };
}

function optionsOf(url: URL) {
  const secure = url.protocol === 'smtps:';
  const unencrypted = !secure && url.searchParams.get('tls') === 'off';
  const auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 25) : Number(url.port),
    secure,
    requireTLS: !secure && !unencrypted,
    ignoreTLS: unencrypted,
    ...(auth.user === '' ? {} : { auth }),
    connectionTimeout: stepLimit,
    greetingTimeout: stepLimit,
    dnsTimeout: stepLimit,
    socketTimeout: stepLimit,
    // Said here, since NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch it off.
    tls: { rejectUnauthorized: true },
  };
}

/** Never with what the server said: it likes to repeat the address. */
function faultOf(error: unknown): SendResult {
  const response = isError(error) && 'responseCode' in error ? Number(error.responseCode) : Number.NaN;
  if (response >= 500) return { result: 'failed', reason: `the mail server refused it (${response})`, again: false };
  if (response >= 400) return failedAgain(`the mail server put it off (${response})`);
  const code = codeOf(error) ?? 'without a code';
  if (code === 'EAUTH' || code === 'EENVELOPE') {
    return { result: 'failed', reason: `the mail could not be handed over (${code})`, again: false };
  }
  return failedAgain(`the mail server could not be used (${code})`);
}
