import { e164 } from '../../calls/identity.ts';
import { positionOf, rejected, type Opening, type Verdict } from '../import/import-row.ts';

const required = ['number', 'name', 'address', 'district'] as const;
const optional = ['latitude', 'longitude'] as const;
type Column = (typeof required)[number] | (typeof optional)[number];

/** The header of a file of subscribers. */
export const subscriberHeader = [...required, ...optional].join(',');

/** The columns of the staging table that a row's values fill, in their order. */
export const stagedSubscriberColumns = [
  'number',
  'name',
  'address',
  'district',
  'latitude',
  'longitude',
  'usable',
] as const;

/** In characters. */
const longest = { number: 40, name: 200, address: 500, district: 100 };

/** Opens a file of subscribers by its header, whose columns may stand in any order. */
export function openSubscribers(first: readonly string[]): Opening {
  const names = first.map((name) => name.trim().toLowerCase());
  // What stands in the first line may be a person's data: it is not repeated.
  if (!required.every((name) => names.includes(name))) {
    return { refused: `its first line is not the header ${subscriberHeader} with commas between the columns` };
  }
  if (new Set(names).size !== names.length) return { refused: 'its header names a column twice' };
  const columns: Readonly<Record<Column, number>> = {
    number: names.indexOf('number'),
    name: names.indexOf('name'),
    address: names.indexOf('address'),
    district: names.indexOf('district'),
    latitude: names.indexOf('latitude'),
    longitude: names.indexOf('longitude'),
  };
  const judge = (values: readonly string[]): Verdict =>
    values.length === names.length
      ? judgeSubscriber((column) => tidy(values[columns[column]] ?? ''))
      : rejected(`it has ${values.length} values instead of ${names.length}`);
  return { firstIsHeader: true, judge };
}

function judgeSubscriber(value: (column: Column) => string): Verdict {
  const number = e164(value('number'));
  if (number === null) return rejected('number is not a telephone number');
  // It is in the file: an import that removes what the file lacks leaves what is stored of it alone.
  const refuse = (reason: string): Verdict => ({
    kind: 'rejected',
    reason,
    values: [number, '', '', '', null, null, 'f'],
  });
  for (const column of ['name', 'address', 'district'] as const) {
    if (value(column).length > longest[column]) return refuse(`${column} is longer than ${longest[column]} characters`);
  }
  const texts = [number, value('name'), value('address'), value('district')];
  const [latitude, longitude] = [value('latitude'), value('longitude')];
  if (latitude === '' && longitude === '') {
    if (value('address') === '') return refuse('it has neither an address nor a position');
    return { kind: 'row', values: [...texts, null, null, 't'] };
  }
  const position = positionOf(latitude, longitude);
  if ('refused' in position) return refuse(position.refused);
  return { kind: 'row', values: [...texts, position.latitude, position.longitude, 't'] };
}

/** A value on one line: what a terminal or PostgreSQL (which stores no NUL) would stumble over becomes a space. */
function tidy(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\s]+/gu, ' ').trim();
}
