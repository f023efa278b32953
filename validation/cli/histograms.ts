import { statSync } from 'node:fs';
import pc from 'picocolors';
import { compareFiles, type FileComparison } from '../histograms/compare-files.ts';
import { DIFFERENT, STATES, type State } from '../histograms/result.ts';
import { loadHistogramRules } from '../histograms/rules/load.ts';
import { InputError } from '../input/input-error.ts';
import { printable } from '../report/printable.ts';
import { defineCommand } from './command.ts';
import { table } from './output/table.ts';

const EXIT_DIFFERENT = 1;
const EXIT_INPUT = 2;
/** Objects that are listed; `--json` has all. */
const LISTED = 50;
/** States of which no single object is listed. */
const FINE: ReadonlySet<State> = new Set(['identical', 'compatible', 'ignored']);

export const histogramsCommand = defineCommand(
  (command) =>
    command
      .positional('a', {
        type: 'string',
        demandOption: true,
        describe: 'A good ROOT file; with --reference alone the one to judge',
      })
      .positional('b', { type: 'string', describe: 'The ROOT file to judge' })
      .option('reference', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'A further good file; from three on, it is learnt how much good ones differ',
      })
      .option('match', { type: 'string', requiresArg: true, describe: "Only these histograms, such as 'QA/TPC/*'" })
      .option('rules', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'YAML file of rules about histograms',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .epilogue('Exit status: 0 compatible, 1 different, 2 bad input, or a file that cannot be read')
      .example('$0 histograms good.root new.root', 'Compares new.root with good.root')
      .example('$0 histograms new.root --reference a.root --reference b.root', 'With several good files'),
  async ({ a, b, reference, match, rules, json }) => {
    const [file, references] = b === undefined ? [a, reference] : [b, [a, ...reference]];
    if (references.length === 0)
      throw new InputError([{ message: `what is ${a} to be compared with? Give a second file, or --reference` }]);
    mustExist([file, ...references]);
    const comparison = await compareFiles(file, references, Date.now(), {
      rules: loadHistogramRules(rules),
      ...(match !== undefined && { match }),
    });
    if (json) console.log(JSON.stringify(comparison, null, 2));
    else process.stdout.write(textOf(comparison));
    if (comparison.verdict === 'different') process.exitCode = EXIT_DIFFERENT;
    if (comparison.verdict === 'not readable') process.exitCode = EXIT_INPUT;
  },
);

/** @throws InputError which are not there, or are no files */
function mustExist(files: readonly string[]): void {
  const problems = files.flatMap((file) => {
    const status = statSync(file, { throwIfNoEntry: false });
    if (status?.isFile()) return [];
    return [{ message: `${file}: ${status ? 'is not a regular file' : 'there is no such file'}` }];
  });
  if (problems.length > 0) throw new InputError(problems);
}

function textOf({ file, references, verdict, reason, problems, counts, objects }: FileComparison): string {
  const colour = { compatible: pc.green, different: pc.red, 'not readable': pc.yellow }[verdict];
  const listed = objects.filter(({ state }) => !FINE.has(state));
  const rows = listed
    .slice(0, LISTED)
    .map(({ state, name, reason: why }) => [colourOf(state)(state), printable(name), printable(why)]);
  const numbers = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  const lines = [
    `${printable(file)} against ${references.map(printable).join(', ')}: ${colour(verdict)}`,
    printable(reason),
    ...(numbers.length > 0 ? [numbers.join(', ')] : []),
    ...problems.map((problem) => `${pc.yellow('!')} ${printable(problem.file)}: ${printable(problem.reason)}`),
    ...(rows.length > 0 ? ['', table(rows)] : []),
    ...(listed.length > LISTED ? [`… and ${listed.length - LISTED} more: --json has all`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function colourOf(state: State): (text: string) => string {
  if (DIFFERENT.has(state)) return pc.red;
  return state === 'suspicious' ? pc.yellow : pc.dim;
}
