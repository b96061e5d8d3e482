import { watchEndpoints } from './endpoints.ts';

const phone = (resource: string, ...channels: string[]) => ({
  technology: 'PJSIP',
  resource,
  state: 'online',
  channel_ids: channels,
});

function inUse(look: ReturnType<typeof watchEndpoints>, ...body: unknown[]): string[] {
  return look(body)
    .seen.filter((one) => one.inUse)
    .map(({ endpoint }) => endpoint);
}

describe('phones in use', () => {
  it('are known at the first look: a dead controller left them', () => {
    const look = watchEndpoints((id) => id === 'ours');
    const body = [phone('op-a', 'theirs'), phone('op-b', 'ours'), phone('op-c', 'ours', 'theirs'), phone('op-d')];
    expect(inUse(look, ...body)).toEqual(['op-a', 'op-c']);
  });

  it('are known at the second look when the call came later, and free as soon as its channel is gone', () => {
    const look = watchEndpoints(() => false);
    expect(inUse(look, phone('op-a'))).toEqual([]);
    expect(inUse(look, phone('op-a', '1'))).toEqual([]);
    expect(inUse(look, phone('op-a', '1'))).toEqual(['op-a']);
    expect(inUse(look, phone('op-a'))).toEqual([]);
  });

  it('are not those of a call of ours that is forgotten while the answer is on its way', () => {
    const known = new Set(['1']);
    const look = watchEndpoints((id) => known.has(id));
    expect(inUse(look, phone('op-a', '1'))).toEqual([]);
    known.clear();
    expect(inUse(look, phone('op-a', '1'))).toEqual([]);
    expect(inUse(look, phone('op-a', '2'))).toEqual([]);
  });

  it('are not those of a channel that an endpoint remembers, and nobody else', () => {
    const look = watchEndpoints(() => false);
    const body = [phone('op-a', 'gone'), phone('op-b', 'there')];
    const { seen } = look(body, new Set(['there']));
    expect(seen.filter((one) => one.inUse).map(({ endpoint }) => endpoint)).toEqual(['op-b']);
  });

  it('are not trunks, and what is odd in the answer spoils nothing', () => {
    const look = watchEndpoints(() => false);
    expect(look([null, { resource: 1 }, phone('carrier-x', '1')])).toEqual({
      seen: [{ endpoint: 'carrier-x', present: true, inUse: false }],
      strangers: false,
    });
    expect(look('nothing')).toEqual({ seen: [], strangers: false });
  });
});
