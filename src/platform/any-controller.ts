import { z } from 'zod';
import { afterwardsHeader, misdirected, type Asked, type ForwardedRequest } from './forward.ts';
import { Problem } from './problem.ts';
import type { RawReply } from './route.ts';
import { whomToAsk, type Having, type LiveThing, type OtherController, type Subject } from './whose.ts';

/** A request that another controller may have to answer. */
export interface RequestAnywhere extends ForwardedRequest {
  readonly subject: Subject;
  /** Another controller has passed it on: it goes no further. */
  readonly forwarded: boolean;
}

/** Has the controller answer that has what a request is about; `own` is how this one answers. */
export type AnswerAnywhere = (request: RequestAnywhere, own: () => Promise<RawReply>) => Promise<RawReply>;

export interface AnywhereDeps {
  readonly rank: number;
  readonly others: () => Promise<readonly OtherController[]>;
  readonly ask: (other: OtherController, request: ForwardedRequest) => Promise<Asked>;
  /** How this process has it. */
  readonly has: (thing: LiveThing) => Having;
  /** On record it is over. Rejects while PostgreSQL is away. */
  readonly isOver: (thing: LiveThing) => Promise<boolean>;
  /** True while nobody knows what happened during a pause of this process. */
  readonly held: () => boolean;
}

/**
 * Any controller of a node takes any request: what lives in another one is forwarded to it, once, as it came, with the
 * client's own token. Who has it says so by answering; the others say that they have not (421), and nothing is forwarded twice.
 */
export function answerAnywhere(deps: AnywhereDeps): AnswerAnywhere {
  return async (request, own) => {
    const { subject } = request;
    if (request.forwarded) return answerForAnother(deps, request, own);
    const byItself = async (): Promise<RawReply> => {
      // Another may have taken its calls and lead; without another, nobody has.
      if (request.method !== 'GET' && deps.held() && (await deps.others()).length > 0) throw stoodStill();
      return own();
    };
    if ('id' in subject && deps.has(subject) === 'live') return byItself();
    const others = whomToAsk(subject, deps.rank, await deps.others());
    if (others.length === 0) return byItself();
    if (subject.kind === 'line') return fromLeader(deps, others, request, byItself);
    if (subject.kind === 'live-calls') return ofAll(deps, others, request, own);
    return fromOwner(deps, others, subject, request, byItself);
  };
}

function answerForAnother({ held, has }: AnywhereDeps, request: RequestAnywhere, own: () => Promise<RawReply>) {
  const { subject, evenAfterwards } = request;
  if (held()) throw stoodStill();
  const having = 'id' in subject ? has(subject) : 'live';
  if (having === 'live' || (having === 'afterwards' && evenAfterwards === true)) return own();
  throw new Problem({
    status: misdirected,
    code: 'controllers.not-here',
    title: 'Misdirected request',
    headers: having === 'afterwards' ? { [afterwardsHeader]: '1' } : {},
  });
}

async function isOver(deps: AnywhereDeps, thing: LiveThing): Promise<boolean> {
  try {
    return await deps.isOver(thing);
  } catch {
    // Without PostgreSQL nobody knows, and this one could not answer either.
    return false;
  }
}

type Failure = Exclude<Asked, RawReply | 'not-here' | 'afterwards'>;

/** What came of asking several: the first answer, whoever could not be asked, and who has what is left after the call. */
interface Said {
  readonly reply?: RawReply;
  readonly failures: readonly Failure[];
  readonly afterwards: readonly OtherController[];
}

/** Whoever has it live; else whoever has what is left of it, this one before others; else this one. */
async function fromOwner(
  deps: AnywhereDeps,
  others: readonly OtherController[],
  thing: LiveThing,
  request: RequestAnywhere,
  byItself: () => Promise<RawReply>,
): Promise<RawReply> {
  const { reply, failures, afterwards } = await askForLive(deps, others, request);
  if (reply !== undefined) return reply;
  const having = deps.has(thing);
  // It may have been taken over in the meantime.
  if (having === 'live') return byItself();
  if (failures.length > 0 && !(await isOver(deps, thing))) throw unreachable(request, failures.includes('unanswered'));
  if (having === 'afterwards') return byItself();
  for (const other of afterwards) {
    const answer = await deps.ask(other, { ...request, evenAfterwards: true });
    if (typeof answer !== 'string') return answer;
    if (answer !== 'not-here' && answer !== 'afterwards') throw unreachable(request, answer === 'unanswered');
  }
  return byItself();
}

/** A command is sent to one after another: two may have calls of one incident, and both would do it. */
async function askForLive(
  deps: AnywhereDeps,
  others: readonly OtherController[],
  request: RequestAnywhere,
): Promise<Said> {
  if (request.method === 'GET') return askAtOnce(deps, others, request);
  const all: { failures: Failure[]; afterwards: OtherController[] } = { failures: [], afterwards: [] };
  for (const other of others) {
    const said = await askAtOnce(deps, [other], request);
    all.failures.push(...said.failures);
    all.afterwards.push(...said.afterwards);
    if (said.reply !== undefined) return { ...all, reply: said.reply };
  }
  return all;
}

/** Resolves with the first answer, or when all have none. */
function askAtOnce(deps: AnywhereDeps, others: readonly OtherController[], request: RequestAnywhere): Promise<Said> {
  return new Promise((resolve, reject) => {
    const failures: Failure[] = [];
    const afterwards: OtherController[] = [];
    let left = others.length;
    const take = (other: OtherController, answer: Asked): void => {
      left -= 1;
      if (typeof answer !== 'string') resolve({ reply: answer, failures, afterwards });
      else if (answer === 'afterwards') afterwards.push(other);
      else if (answer !== 'not-here') failures.push(answer);
      if (left === 0) resolve({ failures, afterwards });
    };
    for (const other of others) deps.ask(other, request).then((answer) => take(other, answer), reject);
  });
}

/** One who is dead leads no more: the next does, in the end this one. */
async function fromLeader(
  deps: AnywhereDeps,
  others: readonly OtherController[],
  request: RequestAnywhere,
  own: () => Promise<RawReply>,
): Promise<RawReply> {
  for (const other of others) {
    const answer = await deps.ask(other, request);
    if (typeof answer !== 'string') return answer;
    if (answer === 'unsent' || answer === 'unanswered') throw unreachable(request, answer === 'unanswered');
  }
  return own();
}

const page = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) });

/** The live calls of all; whoever does not answer is counted, for his calls are missing. */
async function ofAll(
  deps: AnywhereDeps,
  others: readonly OtherController[],
  request: RequestAnywhere,
  own: () => Promise<RawReply>,
): Promise<RawReply> {
  const [mine, theirs] = await Promise.all([own(), Promise.all(others.map((other) => deps.ask(other, request)))]);
  const first = page.safeParse(mine.body);
  if (mine.status !== 200 || !first.success) return mine;
  const items = new Map(first.data.items.map((item) => [item.id, item]));
  let silent = 0;
  for (const answer of theirs) {
    if (answer === 'not-here') continue;
    const read = typeof answer === 'string' ? undefined : page.safeParse(answer.body).data;
    if (read === undefined) silent += 1;
    else for (const item of read.items) if (!items.has(item.id)) items.set(item.id, item);
  }
  const body = { ...first.data, items: [...items.values()], ...(silent === 0 ? {} : { controllersSilent: silent }) };
  return { ...mine, body };
}

const unreachableFace = {
  status: 503,
  code: 'controllers.unreachable',
  title: 'Service unavailable',
  headers: { 'Retry-After': '2' },
} as const;

function stoodStill(): Problem {
  const detail = 'The controller that has it stood still and is looking at what happened. Nothing was done: ask again.';
  return new Problem({ ...unreachableFace, detail, extra: { mayBeDone: false } });
}

function unreachable({ method }: RequestAnywhere, sent: boolean): Problem {
  const mayBeDone = sent && method !== 'GET';
  const happened = mayBeDone
    ? 'It was sent there and no answer came within 2 s, so that it may have been done.'
    : 'Nothing was done.';
  const next = mayBeDone ? 'Look before repeating it.' : 'Ask again.';
  const detail = `Another controller of this node has it, or may, and does not answer. ${happened} Should it stay away, its calls are taken over within seconds. ${next}`;
  return new Problem({ ...unreachableFace, detail, extra: { mayBeDone } });
}
