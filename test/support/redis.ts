import { randomBytes } from 'node:crypto';

/** The Redis that the tests share. */
export function redisUrl(): string {
  const url = process.env['SIAGA_TEST_REDIS_URL'];
  if (url === undefined || url === '') {
    throw new Error('SIAGA_TEST_REDIS_URL is not set: run the tests with npm test, which starts Redis.');
  }
  return url;
}

/** A prefix for queues that no other test has. */
export function queuePrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}
