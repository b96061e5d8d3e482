import type { AriCommands } from './commands.ts';
import { lanesOf, sendLegCommand, targetOf, triesOf, type LegCommand } from './leg-commands.ts';

/** What it asks Asterisk for, how often at most, and what it waits for. */
const commands: [LegCommand, string, object | undefined, number, string[]][] = [
  [{ do: 'answer', channelId: 'c' }, 'POST /channels/c/answer', undefined, 1, ['c']],
  [{ do: 'ring-tone', channelId: 'c' }, 'POST /channels/c/ring', undefined, 1, ['c']],
  [{ do: 'stop-ring-tone', channelId: 'c' }, 'DELETE /channels/c/ring', undefined, 3, ['c']],
  [{ do: 'stop-sound', channelId: 'c', soundId: 's' }, 'DELETE /playbacks/s', undefined, 3, ['c']],
  [{ do: 'make-bridge', bridgeId: 'b' }, 'POST /bridges/b', { type: 'mixing,dtmf_events', name: 'call' }, 1, ['b']],
  [{ do: 'join', bridgeId: 'b', channelId: 'c' }, 'POST /bridges/b/addChannel', { channel: 'c' }, 1, ['c', 'b']],
  [{ do: 'destroy-bridge', bridgeId: 'b' }, 'DELETE /bridges/b', undefined, 3, ['b']],
  [{ do: 'hang-up', channelId: 'c' }, 'DELETE /channels/c', { reason: 'normal' }, 3, ['c']],
];

test.each(commands)('%j is %s', async (command, line, query, tries, lanes) => {
  const sent: unknown[] = [];
  const ari: AriCommands = {
    send(method, path, ...given) {
      sent.push([`${method} ${path}`, given[0]]);
      return Promise.resolve({ ok: true, status: 204, body: null });
    },
    close: () => Promise.resolve(),
  };
  await sendLegCommand(ari, 'call', command);
  expect(sent).toEqual([[line, query]]);
  expect([triesOf(command), lanesOf(command), targetOf(command)]).toEqual([tries, lanes, lanes[0]]);
});
