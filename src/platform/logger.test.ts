import { createLogger } from './logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('debug', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

describe('createLogger', () => {
  test('hides numbers, positions, tokens and passwords at any depth', () => {
    const text = logged((logger) => {
      logger.info({
        callerNumber: 'secret-1',
        call: { origin: { callerNumber: 'secret-2', position: { lat: 'secret-3' } } },
      });
      logger.info({ list: [{ token: 'secret-4' }, { Password: 'secret-5' }], headers: { authorization: 'secret-6' } });
      logger.child({ callId: 'c-1' }).warn({ err: new Error('failed', { cause: { number: 'secret-7' } }) }, 'said');
    });
    expect(text).not.toContain('secret');
    expect(text).toContain('"callId":"c-1"');
    expect(text).toContain('"message":"failed"');
    expect(text.match(/\[hidden\]/g)).toHaveLength(7);
  });

  test('hides what an alarm of a refused INVITE tells: whom it was for, from where, and its SIP Call-ID', () => {
    const detail = { requestUri: 'secret-1', source: 'secret-2', sipCallId: 'secret-3', reason: 'no endpoint' };
    const text = logged((logger) => {
      logger.error({ code: 'call-refused-by-asterisk', detail }, 'alarm');
      logger.debug({ job: { uri: 'secret-4' }, origin: { headers: { 'P-Asserted-Identity': 'secret-5' } } });
    });
    expect(text).not.toContain('secret');
    expect(text).toContain('"reason":"no endpoint"');
  });

  test('hides who it was that keyed a wrong PIN, where the log alone has the audit entry', () => {
    const detail = { caller: 'secret-1', number: 'secret-2', agencyIds: ['damkar'] };
    const text = logged((logger) => logger.error({ lost: { action: 'responders.pin-refused', detail } }, 'kept here'));
    expect(text).not.toContain('secret');
    expect(text).toContain('damkar');
  });

  test('what refers to itself is cut off, not followed', () => {
    const circle: Record<string, unknown> = { name: 'a' };
    circle['self'] = circle;
    expect(logged((logger) => logger.info({ circle }))).toContain('[deeper]');
  });
});
