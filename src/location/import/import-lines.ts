import { CsvError, parse } from 'csv-parse/sync';

/** One line of a file, without its line break; `text` is null for a line longer than `longestLine`. */
export interface Line {
  /** The first line is 1. */
  readonly number: number;
  readonly text: string | null;
}

/** In characters: several times what the longest honest line of towers or subscribers has. */
export const longestLine = 4_096;

/**
 * The lines of a UTF-8 stream, in handfuls, holding no more than one chunk and one line at a time. A byte-order mark, the
 * carriage returns of Windows and a missing last line break are no part of a line.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder('utf-8');
  let number = 0;
  let rest = '';
  let restIsTooLong = false;
  const lineOf = (text: string): Line => {
    number += 1;
    const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
    const tooLong = restIsTooLong || bare.length > longestLine;
    restIsTooLong = false;
    return { number, text: tooLong ? null : bare };
  };
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield parts.map(lineOf);
    if (rest.length > longestLine) {
      restIsTooLong = true;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (rest !== '' || restIsTooLong) yield [lineOf(rest)];
}

/** Whether a line carries no row: it is empty, or a comment that begins with #. */
export function isSilent(text: string): boolean {
  return text === '' || text.startsWith('#') || text.trim() === '';
}

/**
 * The values of one line of CSV (RFC 4180), or undefined where its quotation marks do not match. A value ends on its line:
 * so a stray quotation mark spoils one line, where a reader of the whole file would lose all that follows it.
 */
export function valuesOf(text: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(',');
  try {
    return parse(text, { relax_column_count: true })[0] ?? [];
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
