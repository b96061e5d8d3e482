import { z } from 'zod';
import type { Logger } from '../platform/logger.ts';
import type { AriCommands } from './commands.ts';

/** The prompts that Asterisk has: it looks for them when it starts. */
export interface PromptList {
  /** Asks Asterisk anew; what was known before holds until it has answered. */
  readonly look: () => void;
  /** Those of the prompts that have a file, in their order. (Asterisk passes over one that has none, and warns each time.) */
  readonly sayable: (prompts: readonly string[]) => string[];
}

const folder = 'siaga/';
const info = z.object({ config: z.object({ default_language: z.string().regex(/^[a-z0-9_-]{1,20}$/i) }) });
const sounds = z.array(z.object({ id: z.string() }));

export function createPromptList(deps: { ari: AriCommands; logger: Logger }): PromptList {
  const { ari, logger } = deps;
  let known: ReadonlySet<string> | null = null;

  const ask = async (): Promise<void> => {
    const found = await names();
    if (typeof found !== 'string') known = found;
    else logger.warn({ reason: found }, 'Asterisk did not say which prompts it has');
  };
  /** A text: why there is no answer. */
  const names = async (): Promise<ReadonlySet<string> | string> => {
    const about = await ari.send('GET', '/asterisk/info', { only: 'config' });
    const { data } = info.safeParse(about.ok ? about.body : null);
    if (data === undefined) return about.ok ? 'no language' : about.reason;
    const answer = await ari.send('GET', '/sounds', { lang: data.config.default_language });
    const list = sounds.safeParse(answer.ok ? answer.body : null).data ?? [];
    const ours = list.filter(({ id }) => id.startsWith(folder)).map(({ id }) => id.slice(folder.length));
    if (ours.length === 0) return answer.ok ? 'none in its language' : answer.reason;
    return new Set(ours);
  };

  return {
    look: () => void ask(),
    sayable(prompts) {
      const there = known;
      // Not known: all that ship with us, and no place, which may be any.
      return prompts.filter((name) => (there === null ? !name.startsWith('district-') : there.has(name)));
    },
  };
}
