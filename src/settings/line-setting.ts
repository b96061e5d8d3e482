import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';

const seconds = (min: number, max: number) => z.number().int().min(min).max(max);
/** Null: never. */
const secondsOrNever = (max: number) => seconds(0, max).nullable();

/** A language as RFC 5646 writes it, its primary part alone: `id`, `min` (Minangkabau), `jv`. */
export const language = z.string().regex(/^[a-z]{2,3}$/, 'a language code such as id or jv');

/** Digits as they are dialled. */
const dialled = z.string().regex(/^[0-9*#+]{1,20}$/, 'digits');

/** What may differ from queue to queue; an absent one is as for the whole centre. */
const queueTimes = z.strictObject({
  /** How long an operator's phone rings before the next one's. */
  operatorRingSeconds: seconds(3, 120).optional(),
  /** How long an operator gets no call after one. */
  wrapUpSeconds: seconds(0, 600).optional(),
  /** How often a waiting caller is told that the call is not forgotten. */
  comfortSeconds: seconds(5, 120).optional(),
  /** Waited so long, it rings on every free phone at once, and on those paused by themselves. */
  ringAllSeconds: secondsOrNever(600).optional(),
  /** Waited so long, any operator gets it, whatever his skills and languages. */
  skillSeconds: seconds(0, 600).optional(),
  /** Waited so long, operators on standby are rung as well. */
  standbySeconds: secondsOrNever(600).optional(),
  /** Waited so long, supervisors are rung as well. */
  supervisorSeconds: secondsOrNever(600).optional(),
  /** Waited so long, another centre is rung as well. */
  backupCentreSeconds: secondsOrNever(3_600).optional(),
  /** Waited so long, a call comes before every other, whatever its priority: nobody waits for ever. */
  promoteSeconds: seconds(10, 3_600).optional(),
  /** Whether the waiting caller is told his place and the expected wait. */
  announcePosition: z.boolean().optional(),
});

/** A queue of the waiting line beside 112's own: numbers that agencies and responders call back on, say. */
const queueSchema = z.strictObject({
  id: slug,
  name: plainText(80),
  /** Calls to these numbers are in this queue. */
  numbers: z.array(dialled).min(1).max(50),
  /** 1 is the first served; 112's own is 3. */
  priority: z.number().int().min(1).max(9),
  /** What an operator has to be able to do for it. */
  skills: z.array(slug).max(10).default([]),
  languages: z.array(language).max(5).default([]),
  times: queueTimes.default({}),
});
export type QueueSetting = z.output<typeof queueSchema>;

/** A level of the waiting line at which people are told. */
const queueAlert = z.strictObject({
  level: z.enum(['notice', 'warning', 'critical']),
  /** Somebody has waited so long. */
  waitingSeconds: seconds(1, 3_600),
});

export const lineShape = {
  ringAllSeconds: secondsOrNever(600),
  skillSeconds: seconds(0, 600),
  standbySeconds: secondsOrNever(600),
  supervisorSeconds: secondsOrNever(600),
  backupCentreSeconds: secondsOrNever(3_600),
  promoteSeconds: seconds(10, 3_600),
  announcePosition: z.boolean(),
  /** An operator who lets it ring is paused, unless nobody else is available. */
  pauseUnanswered: z.boolean(),
  queues: z
    .array(queueSchema)
    .max(20)
    .refine(
      (queues) => new Set(queues.map(({ id }) => id)).size === queues.length && queues.every(({ id }) => id !== '112'),
      'each queue once, and none named 112',
    )
    .refine((queues) => {
      const numbers = queues.flatMap((queue) => queue.numbers);
      return new Set(numbers).size === numbers.length && !numbers.includes('112');
    }, 'each number once, and never 112'),
  /** The share of calls that is to be answered within so many seconds. */
  serviceLevels: z
    .array(z.strictObject({ percent: z.number().min(1).max(100), seconds: seconds(1, 600) }))
    .min(1)
    .max(5),
  queueAlerts: z.array(queueAlert).max(10),
  /** Another centre that takes calls when nobody here does, and all of them in an evacuation. */
  backupCentre: z
    .strictObject({
      number: dialled,
      host: z.string().regex(/^[A-Za-z0-9.:[\]-]{1,253}$/),
      port: z.number().int().min(1).max(65_535),
    })
    .nullable(),
  /** A caller on hold is back with his operator after so long. */
  holdSeconds: seconds(5, 600),
};

export const lineDefaults = {
  ringAllSeconds: 30,
  skillSeconds: 15,
  standbySeconds: 20,
  supervisorSeconds: 45,
  backupCentreSeconds: 90,
  promoteSeconds: 180,
  announcePosition: true,
  pauseUnanswered: true,
  queues: [],
  serviceLevels: [
    { percent: 90, seconds: 15 },
    { percent: 95, seconds: 20 },
  ],
  queueAlerts: [
    { level: 'notice' as const, waitingSeconds: 5 },
    { level: 'warning' as const, waitingSeconds: 15 },
    { level: 'critical' as const, waitingSeconds: 30 },
  ],
  backupCentre: null,
  holdSeconds: 120,
};
