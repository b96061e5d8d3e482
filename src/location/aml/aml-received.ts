import { createHash } from 'node:crypto';
import { e164 } from '../../calls/identity.ts';
import { normalisedImei } from '../../calls/imei.ts';
import type { AmlMessage } from './aml.ts';
import type { DistrictMap } from '../districts/district-map.ts';
import { sightingsToFixes, type CallKey } from '../invite.ts';
import type { Received } from '../location.ts';

/** A phone's message as it was taken in. */
export interface ReceivedAml {
  /** SHA-256, in hex, of the channel and what came: the same message again has the same. */
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly channel: 'sms' | 'https';
  /** What ties it to a call: the phone's number as E.164, and its IMEI as 15 digits. */
  readonly e164: string | null;
  readonly imei: string | null;
  readonly message: AmlMessage;
}

export function receivedAml(
  channel: ReceivedAml['channel'],
  message: AmlMessage,
  body: string | Uint8Array,
  receivedAt: number,
): ReceivedAml {
  return {
    digest: createHash('sha256').update(`${channel}\n`).update(body).digest('hex'),
    receivedAt,
    channel,
    e164: message.sender === null ? null : e164(message.sender),
    imei: message.imei === null ? null : normalisedImei(message.imei),
    message,
  };
}

/** Who called, and when. */
export interface Caller {
  readonly arrivedAt: number;
  /** Null while the call goes on. */
  readonly endedAt: number | null;
  readonly e164: string | null;
  readonly imei: string | null;
}

/**
 * Whether a message belongs to a call: by the number, else by the IMEI, during the call or within the window before its
 * arrival or after its end. Two numbers that differ decide, whatever the IMEI says: a phone may have two SIMs, but the
 * message names the one that called. `window` is milliseconds.
 */
export function belongsTo({ e164, imei, receivedAt }: ReceivedAml, caller: Caller, window: number): boolean {
  if (receivedAt < caller.arrivedAt - window || receivedAt > (caller.endedAt ?? receivedAt) + window) return false;
  if (e164 !== null && caller.e164 !== null) return e164 === caller.e164;
  return imei !== null && imei === caller.imei;
}

export function amlSource({ channel }: ReceivedAml): 'aml-sms' | 'aml-https' {
  return channel === 'sms' ? 'aml-sms' : 'aml-https';
}

/** What a message says of where its call's caller is. */
export function amlLocation(aml: ReceivedAml, call: CallKey, map: DistrictMap): Received {
  const { message, receivedAt } = aml;
  const source = amlSource(aml);
  const sightings = message.sighting === null ? [] : [message.sighting];
  const detail = detailOf(message);
  return {
    fixes: sightingsToFixes(source, sightings, call, receivedAt, map, { detail }),
    unusable: message.unusable.map((reason) => ({ source, reason })),
  };
}

function detailOf(message: AmlMessage): Record<string, string> {
  const { altitude, floor, language, deviceModel, network, cellId, crashAt } = message;
  const known: [string, string | null][] = [
    ['altitude', altitude === null ? null : `${altitude.metres} m`],
    ['floor', floor],
    ['language', language],
    ['deviceModel', deviceModel],
    ['network', network === null ? null : `${network.mcc}-${network.mnc}`],
    ['cell', cellId],
    ['carCrashAt', crashAt === null ? null : new Date(crashAt).toISOString()],
  ];
  return Object.fromEntries(known.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]])));
}
