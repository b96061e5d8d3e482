import { preconditionFailed, preconditionRequired, type Problem } from './problem.ts';

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

/**
 * The version to write of what is made or replaced by PUT, `found` being the one that is there. Throws unless the
 * preconditions name that (428, 412). `room` is what their codes begin with.
 */
export function nextVersion(
  found: number | undefined,
  sent: { readonly ifMatch: string | undefined; readonly ifNoneMatch: string | undefined },
  what: { readonly room: string; readonly noun: string },
): number {
  const { ifMatch, ifNoneMatch } = sent;
  if (ifNoneMatch === '*') {
    if (found !== undefined) throw alreadyThere(what);
    return 1;
  }
  if (found === undefined) {
    if (ifMatch !== undefined) throw preconditionFailed(`${what.room}.gone`, `There is no ${what.noun} with this id.`);
    throw preconditionRequired('request.if-none-match-missing', 'Send If-None-Match: * to create one.');
  }
  requireIfMatch(ifMatch, found);
  return found + 1;
}

/** What was to be made is there. */
export function alreadyThere({ room, noun }: { readonly room: string; readonly noun: string }): Problem {
  return preconditionFailed(`${room}.exists`, `Another ${noun} has this id already.`);
}
