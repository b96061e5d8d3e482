// Everybody with a telephone, in a thread of their own: how busy the test's thread is, is no gap in a call.
import { parentPort } from 'node:worker_threads';
import { Callers } from './callers.mjs';
import { openMedia, Speakers } from './media.mjs';
import { Phones } from './phones.mjs';

if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const speakers = new Speakers();
let callers;
let phones;

const orders = {
  async open({ server, address, accounts, trunks, answerAfter }) {
    callers = new Callers({ address, speakers });
    phones = new Phones({ speakers, rtp: await openMedia('127.0.0.1', () => {}) });
    await callers.open({ server, address });
    await phones.operators({ server, accounts, answerAfter });
    for (const trunk of trunks) await phones.trunk({ server, ...trunk });
  },
  dial: (order) => callers.dial(order),
  flow: (order) => callers.flow(order),
  stopFlow: () => callers.stopFlow(),
  watch: ({ callIds }) => callers.watch(callIds),
  hangUp: ({ callIds }) => callers.hangUp(callIds),
  deafTrunks: ({ deaf }) => phones.deafTrunks(deaf),
  forget: ({ before }) => callers.forget(before),
  report: () => callers.report(),
  stop() {
    callers?.stop();
    phones?.stop();
    speakers.stop();
  },
};

port.on('message', ({ order, ticket, ...detail }) => {
  Promise.resolve()
    .then(() => orders[order](detail))
    .then((result) => port.postMessage({ ticket, result: result ?? null }))
    .catch((error) => port.postMessage({ ticket, failed: String(error?.stack ?? error) }));
});
