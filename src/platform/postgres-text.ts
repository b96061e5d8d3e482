/** An escape of JSON, of which some stand for what PostgreSQL refuses: NUL, and half of a pair of surrogates. */
const escapes = /\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)/g;

/**
 * A value as JSON that PostgreSQL takes: without NUL, which it cannot store, and with U+FFFD for half a character. What
 * merely looks like such an escape, because somebody wrote a backslash, stays as it is.
 */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replace(escapes, (escape, refused: string | undefined) => {
    if (refused === undefined) return escape;
    return refused === '0000' ? '' : '\ufffd';
  });
}

/** Text that PostgreSQL takes: without NUL. */
export function storableText(text: string): string;
export function storableText(text: string | null): string | null;
export function storableText(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '');
}
