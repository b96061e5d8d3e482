// The demo's four phones: a citizen, an operator, and two trunks of the fire brigade, the first of which is busy.
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { StepError } from '../runtime/progress.mjs';
import { accepts, answers, placeCall, registerPhone, rejects, startPhone } from '../sip/phone.mjs';

/** Hertz; each party plays its own, so that a recording tells who was heard. */
export const tones = { caller: 440, operator: 660, agency: 880 };

/** The citizen's number, and the cell his phone is in. */
export async function phonesOf({ directory, tools, description }, { number, accessNetwork }) {
  const { sip, operators, agencies } = description;
  const sipp = tools.sipp;
  const folder = (name) => {
    const made = path.join(directory, 'phones', name);
    mkdirSync(made, { recursive: true });
    return made;
  };
  const server = { host: sip.host, port: sip.port };
  const [first, second] = agencies.find(({ id }) => id === 'damkar')?.trunks ?? [];
  if (!first || !second) {
    throw new StepError({ tried: 'find two trunks of the fire brigade', happened: 'this city has not got them' });
  }
  const started = [];
  const keep = async (starting) => {
    const phone = await starting;
    started.push(phone);
    return phone;
  };
  const { username, password, id: operatorId } = operators[0];
  await keep(startPhone({ sipp, folder: folder('agency-1'), port: first.port, behaviour: rejects(486) }));
  const agency = await keep(
    startPhone({
      sipp,
      folder: folder('agency-2'),
      port: second.port,
      tone: tones.agency,
      behaviour: accepts({ after: 500, digit: '1', pressAfter: 1500 }),
    }),
  );
  const operator = await keep(
    registerPhone({
      sipp,
      folder: folder('operator'),
      server,
      username,
      password,
      tone: tones.operator,
      behaviour: answers({ after: 1000 }),
    }),
  );
  return {
    operator,
    operatorId,
    agency,
    dial: () =>
      placeCall({
        sipp,
        folder: folder('citizen'),
        server,
        to: sip.number,
        from: number,
        accessNetwork,
        displayName: 'Warga',
        tone: tones.caller,
      }),
    stop: async () => {
      await Promise.allSettled(started.map((phone) => phone.stop()));
    },
  };
}
