export declare const SAMPLE_RATE: 8000;

export interface ToneOptions {
  /** Hertz; 0 is silence. */
  frequency: number;
  seconds?: number;
  /** dB relative to full scale, default -12. */
  level?: number;
}

export interface FoundTone {
  frequency: number;
  present: boolean;
  /** Seconds in which the tone carried its share of the energy. */
  seconds: number;
  /** Mean share (0..1) of the energy over all windows that are not silent. */
  ratio: number;
}

export interface FindOptions {
  threshold?: number;
  minSeconds?: number;
  floor?: number;
}

export declare function toUlaw(sample: number): number;
export declare function toAlaw(sample: number): number;
export declare function tone(options: ToneOptions): Int16Array;
export declare function writeToneFile(file: string, options: ToneOptions & { law?: 'ulaw' | 'alaw' }): void;
export declare function toWav(samples: Int16Array): Buffer;
export declare function readWav(file: string): Int16Array;
export declare function findTones(
  samples: Int16Array,
  frequencies: readonly number[],
  options?: FindOptions,
): FoundTone[];
export declare function tonesIn(file: string, frequencies: readonly number[], options?: FindOptions): number[];
