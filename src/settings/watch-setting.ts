import { z } from 'zod';

const secondsOrOff = (min: number, max: number) => z.union([z.literal(0), z.number().int().min(min).max(max)]);

const minutesOrOff = z.number().int().min(0).max(10_080);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

/** How the centre watches its own ways; 0: not at all. */
export const watchShape = {
  /** No media came from one who talks for so long: it is told. Asterisk takes an operator's leg away after 10 s. */
  mediaStopsSeconds: secondsOrOff(2, 60),
  /** How often the way of each carrier's calls is tried by a made-up call. */
  carrierProbeSeconds: secondsOrOff(10, 3_600),
  /** A carrier has brought no call for so many minutes: it is told. By the city's clock; `nightTo` is when the day begins. */
  carrierSilentMinutes: z.strictObject({
    day: minutesOrOff,
    night: minutesOrOff,
    nightFrom: timeOfDay,
    nightTo: timeOfDay,
  }),
  /** The machine's clock differs from another machine's by more than so many seconds: it is told. */
  clockOffSeconds: secondsOrOff(1, 60),
};

export const watchDefaults = {
  mediaStopsSeconds: 5,
  carrierProbeSeconds: 60,
  // How often a carrier brings a call differs from city to city, and a wrong alarm each night is read by nobody.
  carrierSilentMinutes: { day: 0, night: 0, nightFrom: '22:00', nightTo: '06:00' },
  clockOffSeconds: 2,
};
