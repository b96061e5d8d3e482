// What a controller says of itself at /metrics.

/** The value of one line of it, such as `siaga_calls_live` or `siaga_agency_rings_total{way="queue"}`; 0 where there is none. */
export async function metric(http, line) {
  const response = await fetch(`${http}/metrics`, { signal: AbortSignal.timeout(20_000) });
  const found = (await response.text()).split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
