// Callers who come at a rate and talk with operators, and what the bench does with each while they talk.
import { startCrowd } from '../../scripts/sip/phone.mjs';

let crowds = 0;

/**
 * `calls` callers at `rate` a second, each `holdFor` milliseconds on the line. `talking(call)` is called as each begins to talk:
 * `call` is `{ id, incidentId, number }`. `began` is given the crowd. Returns the crowd's own statistics, once all have gone and all of it is done.
 */
export async function talkingCallers({ centre, folder, calls, rate, holdFor, talking, began = () => undefined }) {
  // Who has called before is known, and looked up: everybody is new.
  const prefix = `08${String(process.pid % 1_000).padStart(3, '0')}${String((crowds += 1)).padStart(2, '0')}`;
  const numbers = new Map();
  const under = [];
  let failed = null;
  centre.events.listen(({ type, callId, incidentId, detail }) => {
    if (type === 'screen.pop') numbers.set(callId, detail.call.callerNumber);
    if (type !== 'operator.talking' || !numbers.get(callId)?.startsWith(prefix)) return;
    under.push(
      Promise.resolve(talking({ id: callId, incidentId, number: numbers.get(callId) })).catch(
        (error) => (failed ??= error),
      ),
    );
  });
  const { tools } = centre.stack;
  const crowd = await startCrowd({
    sipp: tools.sipp,
    server: centre.server,
    calls,
    rate,
    holdFor,
    from: prefix,
    folder,
  });
  began(crowd);
  try {
    const end = await crowd.finished;
    await Promise.all(under);
    if (failed) throw failed;
    return end;
  } finally {
    centre.events.listen(() => undefined);
    await crowd.stop();
  }
}
