import { preconditionFailed, preconditionRequired } from './problem.ts';

/** The ETag of a version. */
export function etag(version: number): string {
  return `"${version}"`;
}

/**
 * Demands that `If-Match` names the current version: 428 without it, 412 with another one.
 */
export function requireIfMatch(ifMatch: string | undefined, current: number): void {
  if (ifMatch === undefined) {
    throw preconditionRequired('request.if-match-missing', 'Send If-Match with the ETag that you have read.');
  }
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes('*') && !tags.includes(etag(current))) {
    throw preconditionFailed('request.version-changed', `The current version is ${etag(current)}.`, { current });
  }
}
