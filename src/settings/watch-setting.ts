import { z } from 'zod';

const secondsOrOff = (min: number, max: number) => z.union([z.literal(0), z.number().int().min(min).max(max)]);

/** How the centre watches its own ways; 0: not at all. */
export const watchShape = {
  /** No media came from one who talks for so long: it is told. Asterisk takes an operator's leg away after 10 s. */
  mediaStopsSeconds: secondsOrOff(2, 60),
  /** How often the way of each carrier's calls is tried by a made-up call. */
  carrierProbeSeconds: secondsOrOff(10, 3_600),
};

export const watchDefaults = {
  mediaStopsSeconds: 5,
  carrierProbeSeconds: 60,
};
