import { z } from 'zod';
import { badRequest } from './problem.ts';

/** The query of a list: how many, and where to go on. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

/** A page of a list: `next` is the cursor of the following one, null at the end. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** The position in a list that is ordered by time and id: what PostgreSQL can read for certain. */
export const timePosition = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((at) => !at.startsWith('0000'), 'there is no year 0'),
  z.uuid(),
]);

/** Packs the position after the last item. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Unpacks a cursor; one that we did not make is a 400. */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw badRequest('request.cursor-invalid', 'The cursor is not one that this list gave.');
    }
    throw error;
  }
}
