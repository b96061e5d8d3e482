import { z } from 'zod';
import type { Cell } from '../fix.ts';
import { positionOf, rejected, wholeNumber, type Opening, type Verdict } from '../import/import-row.ts';
import { quoted } from '../plain-text.ts';

/** The columns of OpenCelliD's (and Mozilla's) export, in their order. */
export const cellColumns = [
  'radio',
  'mcc',
  'net',
  'area',
  'cell',
  'unit',
  'lon',
  'lat',
  'range',
  'samples',
  'changeable',
  'created',
  'updated',
  'averageSignal',
] as const;

/** The columns of the staging table that a row's values fill, in their order. */
export const stagedCellColumns = [
  'radio',
  'mcc',
  'mnc',
  'area',
  'cell',
  'latitude',
  'longitude',
  'range',
  'samples',
  'updated',
] as const;

type Radio = Cell['radio'];
const radioSchema = z.enum(['GSM', 'UMTS', 'LTE', 'NR']) satisfies z.ZodType<Radio>;

/**
 * How far a cell reaches where OpenCelliD says 0 (not known), in metres: what a cell of a town commonly covers, on the
 * large side, because a circle that is too small sends help to the wrong place. A fix from it is coarse either way.
 */
export const defaultRange: Readonly<Record<Radio, number>> = { GSM: 5_000, UMTS: 3_000, LTE: 2_000, NR: 1_000 };

/** The largest area code and cell identity (3GPP TS 23.003, sections 4.1, 4.3, 19.4 and 19.6). */
const largest: Readonly<Record<Radio, { readonly area: number; readonly cell: number }>> = {
  GSM: { area: 0xffff, cell: 0xffff },
  UMTS: { area: 0xffff, cell: 0xfff_ffff },
  LTE: { area: 0xffff, cell: 0xfff_ffff },
  NR: { area: 0xff_ffff, cell: 0xf_ffff_ffff },
};

const largestInt = 0x7fff_ffff;
const daySeconds = 86_400;

export interface CellChoice {
  /** Takes the towers of this mobile country code only. */
  readonly mcc?: number;
  /** Epoch milliseconds: a row from the future would keep every later one out. */
  readonly now: number;
}

/** Opens a file of towers by its first line, which is the header or a row. */
export function openCells(first: readonly string[], choice: CellChoice): Opening {
  const judge = (values: readonly string[]): Verdict => judgeCell(values, choice);
  if (first[0]?.trim().toLowerCase() !== 'radio') return { firstIsHeader: false, judge };
  const asExpected = first.length === cellColumns.length && cellColumns.every((name, at) => first[at]?.trim() === name);
  if (!asExpected) return { refused: `its header is not that of OpenCelliD, which is ${cellColumns.join(',')}` };
  return { firstIsHeader: true, judge };
}

/** Judges one row of OpenCelliD's export. */
export function judgeCell(values: readonly string[], { mcc: wanted, now }: CellChoice): Verdict {
  if (values.length !== cellColumns.length) {
    return rejected(`it has ${values.length} values instead of ${cellColumns.length}`);
  }
  const [radioText = '', mccText = '', net = '', areaText = '', cellText = '', , lon = '', lat = ''] = values;
  const [rangeText = '', samplesText = '', , , updatedText = ''] = values.slice(8);
  const mcc = wholeNumber(mccText, 1, 999);
  if (mcc === undefined) return rejected(`mcc is ${quoted(mccText)} instead of a number from 1 to 999`);
  if (wanted !== undefined && mcc !== wanted) return { kind: 'skipped', why: 'of another country' };
  // CDMA has no cells of the kind that a phone's access network names.
  if (radioText === 'CDMA') return { kind: 'skipped', why: 'CDMA' };
  const radio = radioSchema.safeParse(radioText).data;
  if (radio === undefined) return rejected(`radio is ${quoted(radioText)} instead of GSM, UMTS, LTE or NR`);
  const mnc = wholeNumber(net, 0, 999);
  if (mnc === undefined) return rejected(`net is ${quoted(net)} instead of a number from 0 to 999`);
  const area = wholeNumber(areaText, 0, largest[radio].area);
  if (area === undefined) {
    return rejected(`area is ${quoted(areaText)} instead of a number from 0 to ${largest[radio].area} (${radio})`);
  }
  const cell = wholeNumber(cellText, 0, largest[radio].cell);
  if (cell === undefined) {
    return rejected(`cell is ${quoted(cellText)} instead of a number from 0 to ${largest[radio].cell} (${radio})`);
  }
  const position = positionOf(lat, lon);
  if ('refused' in position) return rejected(position.refused);
  const range = wholeNumber(rangeText, 0, largestInt);
  if (range === undefined) return rejected(`range is ${quoted(rangeText)} instead of a number of metres`);
  const samples = wholeNumber(samplesText, 0, largestInt);
  if (samples === undefined) return rejected(`samples is ${quoted(samplesText)} instead of a number`);
  const updated = wholeNumber(updatedText, 0, Math.floor(now / 1_000) + daySeconds);
  if (updated === undefined) {
    return rejected(`updated is ${quoted(updatedText)} instead of a time in seconds since 1970, not in the future`);
  }
  const { latitude, longitude } = position;
  return {
    kind: 'row',
    values: [radio, mcc, mnc, area, cell, latitude, longitude, range || null, samples, updated || null],
  };
}
