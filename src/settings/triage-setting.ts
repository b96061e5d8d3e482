import { z } from 'zod';

const seconds = (min: number, max: number) => z.number().int().min(min).max(max);
const weight = z.number().min(0).max(100);

export const triageShape = {
  /** Nothing was heard from a caller for so long: his operator is told, or the line asks by itself. */
  silenceSeconds: seconds(2, 120),
  /** Who asks a silent caller for a key: the operator, or the line by itself after the silence. */
  silentQuestion: z.enum(['operator', 'line']),
  /** A call from a number whose earlier call was abandoned joins that incident, within so long. */
  redialSeconds: seconds(60, 86_400),
  /** Calls that were abandoned after so long a wait, or rank as high as this, are called back. */
  callbackMinimumWaitSeconds: seconds(0, 600),
  callbackMinimumRank: z.number().int().min(0).max(100),
  callbackTries: z.number().int().min(0).max(10),
  callbackSpacingSeconds: seconds(10, 3_600),
  /** Operators who may call back at the same time. */
  callbackOperators: z.number().int().min(0).max(20),
  /** The nuisance score: what each thing adds, how fast it decays, and from where on it counts. */
  nuisance: z.strictObject({
    prank: weight,
    ghost: weight,
    silent: weight,
    shortCall: weight,
    repeat: weight,
    halfLifeHours: z.number().min(1).max(8_760),
    /** From here on a call waits behind the others. */
    lowerAt: z.number().min(0.1).max(1_000),
    /** From here on it is asked for a key before an operator's phone rings; null: never. */
    challengeAt: z.number().min(0.1).max(1_000).nullable(),
  }),
};

export const triageDefaults = {
  silenceSeconds: 10,
  silentQuestion: 'operator' as const,
  redialSeconds: 1_800,
  callbackMinimumWaitSeconds: 10,
  callbackMinimumRank: 20,
  callbackTries: 3,
  callbackSpacingSeconds: 120,
  callbackOperators: 1,
  nuisance: {
    prank: 10,
    ghost: 2,
    silent: 1,
    shortCall: 0.5,
    repeat: 1,
    halfLifeHours: 168,
    lowerAt: 10,
    challengeAt: 30,
  },
};
