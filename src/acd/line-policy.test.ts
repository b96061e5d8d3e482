import { defaultSettings } from '../settings/setting.ts';
import { linePolicy, policyOf } from './line-policy.ts';

const queue = { id: 'agencies', name: 'Agencies', numbers: ['500'], priority: 5, skills: [], languages: [] };

describe('the policy of a queue', () => {
  it('is what the settings say of the centre, in milliseconds', () => {
    const { main, alerts } = linePolicy({ ...defaultSettings, wrapUpSeconds: 7, ringAllSeconds: null });
    expect(main).toMatchObject({ wrapUp: 7_000, ringAll: null, skill: 15_000, promote: 180_000 });
    expect(alerts[0]).toEqual({ level: 'notice', waiting: 5_000 });
  });

  it("has the queue's own times over the centre's; its null is never, and an unknown queue is served like 112", () => {
    const policies = linePolicy({
      ...defaultSettings,
      queues: [{ ...queue, times: { standbySeconds: null, skillSeconds: 3, announcePosition: false } }],
    });
    expect(policyOf(policies, 'agencies')).toEqual({
      ...policies.main,
      standby: null,
      skill: 3_000,
      announcePosition: false,
    });
    expect(policyOf(policies, 'gone')).toBe(policies.main);
    expect(policies.main.standby).toBe(20_000);
  });

  it('asks no backup centre where there is none', () => {
    expect(linePolicy(defaultSettings).main.backupCentre).toBeNull();
    const backupCentre = { number: '112', host: 'other.invalid', port: 5060 };
    expect(linePolicy({ ...defaultSettings, backupCentre }).main.backupCentre).toBe(90_000);
  });
});
