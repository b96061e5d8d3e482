import { ConfigError, readConfig } from './config.ts';

const sound = {
  SIAGA_DATABASE_URL: 'postgres://siaga:x@127.0.0.1/siaga',
  SIAGA_REDIS_URL: 'redis://127.0.0.1',
  SIAGA_ARI_URL: 'http://127.0.0.1:8088',
  SIAGA_ARI_USER: 'siaga',
  SIAGA_ARI_PASSWORD: 'long enough',
  SIAGA_AMI_USER: 'siaga',
  SIAGA_AMI_PASSWORD: 'long enough',
  SIAGA_STATE_DIR: '/var/lib/siaga',
};
const withoutSettings = (...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(sound).filter(([name]) => !names.includes(name)));
const noFile = (path: string): string => {
  throw new Error(`${path} is not there`);
};
const faultsOf = (env: Record<string, string>): string[] => {
  try {
    readConfig(env, noFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('have defaults that open nothing to the network', () => {
    expect(readConfig(sound, noFile)).toMatchObject({ SIAGA_HTTP_HOST: '127.0.0.1', SIAGA_HEP_HOST: '127.0.0.1' });
  });

  it('have no default password', () => {
    const without = withoutSettings('SIAGA_ARI_PASSWORD', 'SIAGA_AMI_PASSWORD');
    expect(faultsOf(without)).toEqual(['SIAGA_ARI_PASSWORD: is not set', 'SIAGA_AMI_PASSWORD: is not set']);
  });

  it('are read from files, for secrets', () => {
    const without = withoutSettings('SIAGA_ARI_PASSWORD');
    const config = readConfig({ ...without, SIAGA_ARI_PASSWORD_FILE: '/run/secrets/ari' }, () => 'from the file\n');
    expect(config.SIAGA_ARI_PASSWORD).toBe('from the file');
  });

  it('stop the start with every fault at once', () => {
    const faults = faultsOf({
      ...sound,
      SIAGA_DATABASE_URL: 'mysql://x',
      SIAGA_HTTP_PORT: '99999',
      SIAGA_ROLE: 'boss',
      SIAGA_ARI_PASSWORD: 'short',
      SIAGA_NODE: 'Node 1',
      SIAGA_HTPP_PORT: '1',
      SIAGA_STATE_DIR: '',
      SIAGA_AMI_PASSWORD_FILE: '/nowhere',
    });
    for (const name of ['DATABASE_URL', 'HTTP_PORT', 'ROLE', 'ARI_PASSWORD', 'NODE', 'HTPP_PORT', 'STATE_DIR']) {
      expect(faults.filter((fault) => fault.startsWith(`SIAGA_${name}:`))).toHaveLength(1);
    }
    expect(faults).toContain('SIAGA_HTPP_PORT: there is no such setting (a typing error?)');
    expect(faults).toContain('SIAGA_STATE_DIR: is not set');
  });

  it('name an address that is none', () => {
    const faults = faultsOf({ ...sound, SIAGA_DATABASE_URL: 'no address', SIAGA_HTTP_PORT: '0' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining(['SIAGA_DATABASE_URL', 'SIAGA_HTTP_PORT']),
    );
  });

  it('name a secret file that cannot be read', () => {
    const without = withoutSettings('SIAGA_ARI_PASSWORD');
    const faults = faultsOf({ ...without, SIAGA_ARI_PASSWORD_FILE: '/nowhere' });
    expect(faults[0]).toBe('SIAGA_ARI_PASSWORD_FILE: /nowhere is not there');
  });
});
