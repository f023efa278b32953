// Kills, stops and starves real runs, locally and on a cluster of our own, and looks whether each of them tells the truth in
// the end, loses no step, counts none twice, and leaves nothing over. Each round has a machine of its own (namespaces), so
// several go on at the same time. Ends with status 1 when it found something.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runRound } from './round.mjs';
import { obstacle } from './world.mjs';

const HELP = `Usage: npm run test:chaos -- [--rounds N] [--seed S] [--only local|cluster] [--jobs N] [--keep DIR]

  --rounds N   how many rounds [10]
  --seed S     seed of the first round; the next one has S + 1 [1]. Round S alone: --rounds 1 --seed S
  --only KIND  local (relval run --local) or cluster (relval run --catalog); else they take turns
  --jobs N     rounds at the same time [half of the cores, 2 at least]
  --keep DIR   where the directories of rounds with problems are kept

Needs Linux, and the right to make namespaces (root, or user namespaces). Build first: npm run build.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    jobs: { type: 'string', default: String(Math.max(2, availableParallelism() >> 1)) },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [rounds, first, jobs] = [values.rounds, values.seed, values.jobs].map(Number);
const { only, keep } = values;
const numbers = [rounds, first, jobs].every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
if (values.help || !numbers || (only !== undefined && only !== 'local' && only !== 'cluster')) {
  console.error(HELP);
  process.exit(values.help ? 0 : 2);
}
const why = obstacle();
if (why !== undefined) {
  console.error(`this machine allows no namespaces: ${why}`);
  process.exit(2);
}
if (keep !== undefined) mkdirSync(keep, { recursive: true });

/** @type {import('./round.mjs').Outcome[]} */
const outcomes = [];
const begun = performance.now();
let next = Number(first);
const end = next + Number(rounds);
await Promise.all(Array.from({ length: Math.max(1, Number(jobs)) }, work));
showTable();
process.exit(outcomes.some(({ problems }) => problems.length > 0) ? 1 : 0);

async function work() {
  while (next < end) {
    const seed = next++;
    const place = only ?? (seed % 2 === 0 ? 'local' : 'cluster');
    // Both by the seed alone, so that a round can be repeated.
    const turn = only === undefined ? seed >> 1 : seed;
    const outcome = await runRound({ seed, place: /** @type {'local'} */ (place), turn, keep });
    outcomes.push(outcome);
    show(outcome);
  }
}

/** @param {import('./round.mjs').Outcome} outcome */
function show({ task: { seed, place }, faults, problems, seconds, slowestEnd, legs }) {
  const after = slowestEnd > 5 ? `, ${slowestEnd.toFixed(0)} s until nothing was left` : '';
  const state = problems.length === 0 ? 'good' : 'BAD ';
  console.log(
    `${state} ${outcomes.length}/${rounds}  seed ${seed} ${place}: ${faults.join(', ')} (${seconds.toFixed(1)} s${after})`,
  );
  if (problems.length === 0) return;
  for (const leg of legs) console.log(`       ${leg}`);
  for (const { kind, what } of problems) console.log(`     ${kind}: ${what}`);
  console.log(`     again: npm run test:chaos -- --rounds 1 --seed ${seed}${only ? ` --only ${only}` : ''}`);
}

function showTable() {
  const kinds = /** @type {const} */ (['wrong', 'lost', 'double', 'left over']);
  const columns = ['rounds', ...kinds];
  console.log(`\n${''.padEnd(24)}${columns.map((name) => name.padStart(10)).join('')}`);
  /** @param {string} name @param {import('./round.mjs').Outcome[]} of */
  const line = (name, of) => {
    const counts = kinds.map((kind) => of.filter(({ problems }) => problems.some((one) => one.kind === kind)).length);
    console.log(`${name.padEnd(24)}${[of.length, ...counts].map((count) => String(count).padStart(10)).join('')}`);
  };
  const names = new Set(outcomes.flatMap(({ faults }) => faults));
  for (const name of [...names].sort())
    line(
      name,
      outcomes.filter(({ faults }) => faults.includes(name)),
    );
  for (const place of ['local', 'cluster'])
    line(
      place,
      outcomes.filter(({ task }) => task.place === place),
    );
  line('all', outcomes);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `\nseeds ${first} to ${end - 1}, ${seconds.toFixed(0)} s. A round with several faults counts in several lines.`,
  );
}
