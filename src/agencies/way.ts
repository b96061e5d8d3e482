import type { SipTrunk, Trunk } from './agency.ts';

/** How a trunk is rung. */
export interface Way {
  /** The PJSIP endpoint. */
  readonly endpoint: string;
  /** Null: at the contact that is registered with the endpoint. */
  readonly uri: string | null;
  /** The number shown to who is rung, where the network takes no other; null: the caller's. */
  readonly shows: string | null;
}

/** What trunks need beside what they are. */
export interface WayMeans {
  readonly outgoingTrunk: { readonly host: string; readonly port: number } | null;
  readonly outgoingNumber: string;
  /** The SIP account of a trunk that is a desk; undefined while none was made. */
  readonly accountOf: (trunkId: string) => string | undefined;
}

/** The way to a trunk, or why there is none. */
export function wayTo(trunk: Trunk, means: WayMeans): Way | { readonly unusable: string } {
  switch (trunk.type) {
    case 'sip':
      return { endpoint: 'agency', uri: trunkUri(trunk), shows: null };
    case 'carrier': {
      const { outgoingTrunk, outgoingNumber } = means;
      if (outgoingTrunk === null) return { unusable: 'the settings name no trunk to the outside (outgoingTrunk)' };
      const uri = `sip:${escaped(trunk.number)}@${outgoingTrunk.host}:${outgoingTrunk.port}`;
      return { endpoint: 'outside', uri, shows: outgoingNumber };
    }
    case 'desk': {
      const endpoint = means.accountOf(trunk.id);
      return endpoint === undefined
        ? { unusable: 'no account was made for its phone' }
        : { endpoint, uri: null, shows: null };
    }
  }
}

/** Whether a trunk can be rung where there is, or is not, a trunk to the outside, and these desks have accounts. */
export function usableWith(outgoing: boolean, hasAccount: (trunkId: string) => boolean): (trunk: Trunk) => boolean {
  return ({ type, id }) => (type === 'carrier' ? outgoing : type === 'desk' ? hasAccount(id) : true);
}

/** The SIP URI of a trunk. Its parts were checked when the agency was stored: nothing in them can open a header. */
export function trunkUri({ number, host, port, transport }: SipTrunk): string {
  return `sip:${escaped(number)}@${host}:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
}

function escaped(number: string): string {
  return number.replaceAll('#', '%23');
}
