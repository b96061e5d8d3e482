/** A point on WGS 84 (EPSG::4326), in decimal degrees. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/**
 * Where somebody is, as a shape (RFC 5491, section 5; GML names). Lengths are in metres, angles in degrees clockwise from
 * north, altitudes in metres above the ellipsoid.
 */
export type Shape =
  | { readonly type: 'point'; readonly position: Position; readonly altitude: number | null }
  | { readonly type: 'circle'; readonly centre: Position; readonly radius: number }
  | {
      readonly type: 'ellipse';
      readonly centre: Position;
      readonly semiMajor: number;
      readonly semiMinor: number;
      readonly orientation: number;
    }
  /** At least three corners; the first is not repeated at the end. */
  | { readonly type: 'polygon'; readonly corners: readonly Position[] }
  | {
      readonly type: 'arc-band';
      readonly centre: Position;
      readonly innerRadius: number;
      readonly outerRadius: number;
      readonly startAngle: number;
      readonly openingAngle: number;
    }
  | { readonly type: 'sphere'; readonly centre: Position; readonly altitude: number; readonly radius: number }
  | {
      readonly type: 'ellipsoid';
      readonly centre: Position;
      readonly altitude: number;
      readonly semiMajor: number;
      readonly semiMinor: number;
      readonly verticalAxis: number;
      readonly orientation: number;
    }
  | {
      readonly type: 'prism';
      readonly corners: readonly Position[];
      /** Of the base. */
      readonly altitude: number;
      readonly height: number;
    };

/** A civic address by the element names of RFC 5139 (country, A1 … A6, RD, HNO, …); `text` for one that is a sentence. */
export type CivicAddress = Readonly<Record<string, string>>;

/** Where a fix came from. */
export const fixSources = [
  /** A PIDF-LO in the INVITE's body, or handed in over REST. */
  'pidf-lo',
  /** A PIDF-LO that a location server gave for a URI of the Geolocation header. */
  'reference',
  /** The tower of the cell that the access network named. */
  'cell',
  /** Advanced Mobile Location (ETSI TS 103 625) by SMS, and by HTTPS. */
  'aml-sms',
  'aml-https',
  /** The area code of a fixed line, and the table of its subscribers. */
  'area-code',
  'subscriber',
  /** The caller's own words, as an operator took them down. */
  'operator',
] as const;
export type FixSource = (typeof fixSources)[number];

/** One location as its source says it: at least one of shape and civic is there. */
export interface Sighting {
  /** How the position was found, by the tokens of RFC 4119's method registry where there is one: GPS, 802.11, Cell, Manual … */
  readonly method: string | null;
  readonly shape: Shape | null;
  readonly civic: CivicAddress | null;
  /** Percent, 0 to 100: how probably the caller is within the shape; null where it was not said. */
  readonly confidence: number | null;
  /** When the caller was there, in epoch milliseconds; null where it was not said. */
  readonly at: number | null;
}

/** What the map says of a position. */
export interface Place {
  /** Null outside the city. */
  readonly district: string | null;
  /** The whole of the uncertainty lies in this one district, or the whole of it outside. */
  readonly certain: boolean;
  readonly outside: boolean;
  /** The 112 centre that should have the call when it comes from outside; null inside, or when the map names none. */
  readonly neighbour: string | null;
  readonly madeUp: boolean;
}

/** One location of a caller, as it came and when. None is ever changed or replaced. */
export interface Fix extends Sighting {
  /** Derived from what it says: the same message twice is one fix. */
  readonly id: string;
  readonly source: FixSource;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The district it lies in, by the map of that moment; null without a shape, or without a map. */
  readonly place: Place | null;
  /** What an operator may want to know beside: the cell and its network, the address as a line, the phone's language. */
  readonly detail: Readonly<Record<string, string>>;
  /** It rests on data that somebody made up for trying things out. */
  readonly madeUp: boolean;
}

/** What a parser makes of what came: the locations, and why the rest is none. Reasons are plain words for an operator. */
export interface Reading {
  readonly sightings: readonly Sighting[];
  readonly unusable: readonly string[];
}

/** A cell of a mobile network, by the key of the tower table. */
export interface Cell {
  readonly radio: 'GSM' | 'UMTS' | 'LTE' | 'NR';
  readonly mcc: number;
  readonly mnc: number;
  /** Location area or tracking area code. */
  readonly area: number;
  /** Cell identity: CI (16 bits), UTRAN cell (28), ECI (28), NCI (36). */
  readonly cell: number;
}
