/** Asterisk's uniqueid is `[node-]seconds.number`: the time in it (epoch ms) is the same for everybody who reads it. */
export function epochOf(uniqueid: string): number {
  const seconds = /(\d{9,11})\.\d+$/.exec(uniqueid)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1_000;
}
