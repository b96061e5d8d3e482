import { z } from 'zod';

const pattern = z.string().regex(/^[0-9+*]{1,20}$/, 'digits the number begins with');

export const outgoingShape = {
  /** Where operators' calls to the outside go; null: they cannot be made. */
  outgoingTrunk: z
    .strictObject({ host: z.string().regex(/^[A-Za-z0-9.:[\]-]{1,253}$/), port: z.number().int().min(1).max(65_535) })
    .nullable(),
  /** The centre's number, shown to who is called. */
  outgoingNumber: z.string().regex(/^\+?[0-9]{2,15}$/, 'digits'),
  /** A number may be called if it begins with one of these, and with none of `outgoingRefused`. */
  outgoingAllowed: z.array(pattern).max(100),
  outgoingRefused: z.array(pattern).max(100),
  /** At the same time, of the controller that has the line. */
  outgoingAtOnce: z.number().int().min(0).max(100),
  /** For each operator. */
  outgoingPerHour: z.number().int().min(0).max(500),
  outgoingMinutes: z.number().int().min(1).max(240),
  /** Networks of our own in which webhooks may be (CIDR); all others have a public address, and https. */
  webhookNetworks: z.array(z.union([z.cidrv4(), z.cidrv6()], 'a network such as 10.1.0.0/16')).max(50),
};

export const outgoingDefaults = {
  outgoingTrunk: null,
  outgoingNumber: '112',
  // Within the country, and its short numbers.
  outgoingAllowed: ['0', '+62', '62', '1'],
  // Abroad, what costs the caller, calling cards (0808), and the codes behind which other carriers dial on (130XY, 170XY).
  outgoingRefused: ['00', '001', '007', '008', '0809', '+62809', '62809', '0808', '+62808', '62808', '130', '170'],
  outgoingAtOnce: 4,
  outgoingPerHour: 30,
  outgoingMinutes: 60,
  webhookNetworks: [],
};
