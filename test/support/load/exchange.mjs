// Everybody with a telephone, in a thread of their own: how busy the test's thread is, is no gap in a call.
import { parentPort } from 'node:worker_threads';
import { Callers } from './callers.mjs';
import { openMedia, Speakers } from './media.mjs';
import { Phones } from './phones.mjs';
import { Starvation } from './starvation.mjs';

if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const speakers = new Speakers();
const starvation = new Starvation();
let callers;
let phones;

const orders = {
  async open({ server, address, accounts, trunks, answerAfter, asterisk }) {
    starvation.watch(asterisk);
    callers = new Callers({ address, speakers, starvation });
    phones = new Phones({ speakers, rtp: await openMedia('127.0.0.1', () => {}) });
    await callers.open({ server, address });
    await phones.operators({ server, accounts, answerAfter });
    for (const trunk of trunks) await phones.trunk({ server, ...trunk });
  },
  dial: (order) => callers.dial(order),
  flow: (order) => callers.flow(order),
  stopFlow: () => callers.stopFlow(),
  watch: ({ callIds }) => callers.watch(callIds),
  /** Those who talked with them would talk on among themselves. */
  hangUp({ callIds }) {
    const numbers = callers.hangUp(callIds);
    setTimeout(() => phones.hangUp(numbers), 200);
  },
  watchProcess: ({ pid }) => starvation.watch(pid),
  dropAll() {
    callers.dropAll();
    phones.dropAll();
  },
  deafTrunks: ({ deaf }) => phones.deafTrunks(deaf),
  forget: ({ before }) => callers.forget(before),
  report: () => callers.report(),
  stop() {
    callers?.stop();
    phones?.stop();
    speakers.stop();
    starvation.stop();
  },
};

port.on('message', ({ order, ticket, ...detail }) => {
  Promise.resolve()
    .then(() => orders[order](detail))
    .then((result) => port.postMessage({ ticket, result: result ?? null }))
    .catch((error) => port.postMessage({ ticket, failed: String(error?.stack ?? error) }));
});
