// Decisions per second of the real rules (dist/routing/evaluate.js) with 50, 500 and 5,000 of them, beside a plain scan of the
// same rules in the same process.
import path from 'node:path';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';
import { linearScan } from '../peers/linear-rules.mjs';
import { figure, median } from '../support/figure.mjs';
import { cityFacts, cityRules } from '../support/city-rules.mjs';

const sizes = [50, 500, 5_000];
const aim = 100_000;
const load = (file) => import(path.join(projectDirectory, 'dist', file));

export async function measure({ rounds, quick, say }) {
  const [{ evaluate }, { ruleSetSchema }, { incidentKinds }] = await Promise.all(
    ['routing/evaluate.js', 'routing/rule.js', 'routing/kind.js'].map(load),
  );
  const facts = cityFacts(2_000, incidentKinds);
  const seconds = quick ? 0.4 : 2;
  const runs = sizes.map((size) => ({ size, ruleSet: ruleSetSchema.parse(cityRules(size)), ours: [], peer: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { size, ruleSet, ours, peer } of runs) {
      ours.push(perSecond((asked) => evaluate(ruleSet, asked).actions, facts, seconds));
      peer.push(perSecond((asked) => linearScan(ruleSet, asked), facts, seconds));
      say(`${size} rules: ${Math.round(ours.at(-1))} decisions/s, plain scan ${Math.round(peer.at(-1))}`);
    }
  }
  const [least, , most] = runs;
  const growth = least.ours.map((rate, at) => rate / most.ours[at]);
  return [
    ...runs.map(({ size, ruleSet, ours, peer }) =>
      figure({
        name: `decisions by ${size} rules`,
        unit: 'per CPU second',
        ours,
        peer: { name: 'plain scan, no reasons', runs: peer },
        aim: size === 500 ? { text: `${aim.toLocaleString('en')} or more`, isMet: ({ p50 }) => p50 >= aim } : undefined,
        about: {
          matching: median(
            facts.map((asked) => evaluate(ruleSet, asked).trace.filter(({ matched }) => matched).length),
          ),
        },
      }),
    ),
    figure({
      name: 'time of a decision, 5,000 rules to 50',
      unit: 'times',
      ours: growth,
      peer: { name: 'plain scan', runs: least.peer.map((rate, at) => rate / most.peer[at]) },
      aim: { text: 'under 100', isMet: ({ p50 }) => p50 < 100 },
    }),
  ];
}

/**
 * How often a second of processor time `decide` answers, for one incident after another, once it is warm. Of processor time:
 * what else the machine does is no property of the rules. Collecting garbage counts, on whatever thread.
 */
function perSecond(decide, facts, seconds) {
  let engaged = 0;
  for (const asked of facts) engaged += decide(asked).length;
  const began = process.cpuUsage();
  let done = 0;
  let took = 0;
  while (took < seconds) {
    for (let at = 0; at < 20; at += 1, done += 1) engaged += decide(facts[done % facts.length]).length;
    const { user, system } = process.cpuUsage(began);
    took = (user + system) / 1e6;
  }
  if (engaged === 0) throw new Error('the rules engaged nobody');
  return done / took;
}
