/** A body of an INVITE beside its offer, with the header that points to it. */
export function withLocation(pidfLo: string): {
  headers: string[];
  parts: { type: string; headers: string[]; body: string }[];
} {
  return {
    headers: ['Geolocation: <cid:lokasi@carrier>', 'Geolocation-Routing: yes'],
    parts: [{ type: 'application/pidf+xml', headers: ['Content-ID: <lokasi@carrier>'], body: pidfLo }],
  };
}

/** In Senapelan by the made-up map of Pekanbaru. */
export const senapelan = { latitude: 0.5333, longitude: 101.4478 };
