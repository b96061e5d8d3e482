import { z } from 'zod';
import type { AriAnswer, AriCommands } from './commands.ts';

/** What the dialplan keeps in Asterisk's own database for when no controller is there. */
export interface AsteriskDatabase {
  /** A global variable of the dialplan; null when Asterisk does not answer. */
  read(
    variable:
      'SIAGA_EVACUATED' | 'SIAGA_BACKUP_CENTRE' | 'SIAGA_OVERFLOW' | 'SIAGA_REFUSED_CODES' | 'SIAGA_RESPONDER_NUMBER',
  ): Promise<string | null>;
  /** Each answers whether Asterisk took it: reading it back tells whether it was done. */
  keep(key: 'backup-centre' | 'evacuation-code' | 'responder-number', value: string): Promise<boolean>;
  evacuate(evacuated: boolean, by: string): Promise<boolean>;
}

const variable = z.object({ value: z.string() });

/** Reads by globals that the guardian channel notes twice a second, writes by the dialplan's context siaga-keep. */
export function asteriskDatabase(ari: AriCommands): AsteriskDatabase {
  const run = async (extension: string, variables: Record<string, string>): Promise<boolean> => {
    const answer: AriAnswer = await ari.send(
      'POST',
      '/channels',
      { endpoint: `Local/${extension}@siaga-keep/n`, context: 'siaga-keep', extension: 'end', priority: 1, timeout: 5 },
      { variables },
    );
    return answer.ok;
  };
  return {
    async read(name) {
      const answer = await ari.send('GET', '/asterisk/variable', { variable: name });
      const parsed = answer.ok ? variable.safeParse(answer.body) : undefined;
      return parsed?.success === true ? parsed.data.value : null;
    },
    keep: (key, value) => run('value', { SIAGA_KEY: key, SIAGA_VALUE: value }),
    evacuate: (evacuated, by) => run('evacuated', { SIAGA_VALUE: evacuated ? '1' : '0', SIAGA_BY: by }),
  };
}
