/** One captured SIP message. */
export interface CapturedMessage {
  source: { address: string; port: number };
  destination: { address: string; port: number };
  /** Epoch milliseconds as Asterisk noted them. */
  at: number;
  text: string;
}

const chunk = {
  sourceAddress: 3,
  destinationAddress: 4,
  sourcePort: 7,
  destinationPort: 8,
  seconds: 9,
  micros: 10,
  payload: 15,
};
const maxText = 16_384;

/** Reads one HEPv3 packet (github.com/sipcapture/HEP, revision 12); null for anything that is none. */
export function readHep(packet: Buffer): CapturedMessage | null {
  if (packet.length < 6 || packet.toString('latin1', 0, 4) !== 'HEP3') return null;
  const chunks = new Map<number, Buffer>();
  for (let at = 6; at + 6 <= packet.length;) {
    const length = packet.readUInt16BE(at + 4);
    if (length < 6 || at + length > packet.length) break;
    if (packet.readUInt16BE(at) === 0) chunks.set(packet.readUInt16BE(at + 2), packet.subarray(at + 6, at + length));
    at += length;
  }
  const payload = chunks.get(chunk.payload);
  if (payload === undefined) return null;
  return {
    source: { address: address(chunks.get(chunk.sourceAddress)), port: number16(chunks.get(chunk.sourcePort)) },
    destination: {
      address: address(chunks.get(chunk.destinationAddress)),
      port: number16(chunks.get(chunk.destinationPort)),
    },
    at: number32(chunks.get(chunk.seconds)) * 1_000 + Math.floor(number32(chunks.get(chunk.micros)) / 1_000),
    text: payload.toString('latin1', 0, maxText),
  };
}

function address(bytes: Buffer | undefined): string {
  return bytes?.length === 4 ? [...bytes].join('.') : '';
}

function number16(bytes: Buffer | undefined): number {
  return bytes?.length === 2 ? bytes.readUInt16BE(0) : 0;
}

function number32(bytes: Buffer | undefined): number {
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : 0;
}
