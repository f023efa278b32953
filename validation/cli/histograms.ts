import { statSync } from 'node:fs';
import { isXrootd } from '../files/places.ts';
import { histogramRulesOf } from '../histograms/check/kind.ts';
import { checkAddresses, fetched } from '../histograms/check/reference-files.ts';
import { compareOutputs } from '../histograms/check/run.ts';
import { renderText } from '../histograms/check/text.ts';
import { compareFiles, type FileComparison } from '../histograms/compare-files.ts';
import { loadHistogramRules } from '../histograms/rules/load.ts';
import { DIFFERENT, STATES, type State } from '../histograms/show/states.ts';
import { InputError } from '../input/input-error.ts';
import { paint } from '../report/paint.ts';
import { rulesFilesOf } from '../runs/judging/criteria.ts';
import { subjectOf } from '../runs/judging/judge.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { table } from './output/table.ts';
import { out } from './terminal.ts';

const EXIT_DIFFERENT = 1;
const EXIT_INPUT = 2;
/** Most objects that are listed; `--json` prints all. */
const LISTED = 50;
/** States whose objects are counted but not listed. */
const FINE: ReadonlySet<State> = new Set(['identical', 'compatible', 'ignored']);

export const histogramsCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('a', {
        type: 'string',
        demandOption: true,
        describe: 'A run; or a good ROOT file; with --reference alone the file to judge',
      })
      .positional('b', { type: 'string', describe: 'The ROOT file to judge' })
      .option('reference', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'Another good file (a path, or root://HOST//PATH), or for a run another good run; from three on, relval learns how much good ones differ. Default for a run: the last good runs',
      })
      .option('reference-files', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'For a run: good ROOT file, or directory of good outputs, to compare with; a path, or root://HOST//PATH',
      })
      .option('match', {
        type: 'string',
        requiresArg: true,
        describe: "Compare only these histograms, e.g. 'QA/TPC/*'",
      })
      .option('rules', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'YAML file of rules about histograms. For a run they replace the rules of its report',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .epilogue('Exit status: 0 compatible, 1 different, 2 bad input, or a file that cannot be read')
      .example('$0 histograms RUN', 'Compares the outputs of a run with those of the last good runs')
      .example('$0 histograms good.root new.root', 'Compares new.root with good.root')
      .example('$0 histograms new.root --reference a.root --reference b.root', 'With several good files'),
  async ({ a, b, reference, referenceFiles, match, rules, json, runs }) => {
    const isFile = b !== undefined || a.endsWith('.root') || statSync(a, { throwIfNoEntry: false })?.isFile();
    const run = isFile ? undefined : new RunStore(runs).find(a);
    const answer = run
      ? await ofRun(run, { reference, referenceFiles, rules, match })
      : await ofFiles(a, b, { reference, referenceFiles, rules, match });
    if (json) out.sayJson(answer.json);
    else out.say(...answer.lines);
    if (answer.exitCode > 0) process.exitCode = answer.exitCode;
  },
);

interface Options {
  reference: readonly string[];
  referenceFiles: readonly string[];
  rules: string[];
  match: string | undefined;
}

interface Answer {
  /** The output of --json. */
  json: unknown;
  lines: string[];
  exitCode: number;
}

/** @throws {InputError} when the run has not ended, a reference does not exist, or rules have mistakes */
async function ofRun(run: RunDir, { reference, referenceFiles, rules, match }: Options): Promise<Answer> {
  checkAddresses(referenceFiles);
  const now = Date.now();
  const files = referenceFiles.length > 0 ? { referenceFiles } : {};
  const [first, ...others] = reference.map((chosen) => subjectOf(run, { reference: chosen }, now));
  const base = first ?? subjectOf(run, {}, now);
  const subject = { ...base, references: [base, ...others].flatMap(({ references }) => references), ...files };
  const own = histogramRulesOf(rules.length > 0 ? rules : rulesFilesOf(run));
  const result = await compareOutputs(subject, { rules: own, ...(match !== undefined && { match }) });
  if (!result) throw new InputError([{ message: `${subject.run}: no rule names an output to compare` }]);
  const { details } = result;
  const isDifferent = details.files.some(({ state }) => state === 'different');
  const isUnreadable =
    details.files.some(({ state }) => state === 'not readable') ||
    details.files.every(({ state }) => state === 'not compared');
  return {
    json: details,
    lines: renderText(details, LISTED),
    exitCode: isDifferent ? EXIT_DIFFERENT : isUnreadable || details.references.length === 0 ? EXIT_INPUT : 0,
  };
}

/** @throws {InputError} when there is nothing to compare with, a file does not exist, or rules have mistakes */
async function ofFiles(a: string, b: string | undefined, options: Options): Promise<Answer> {
  const { reference, referenceFiles, rules, match } = options;
  if (referenceFiles.length > 0)
    throw new InputError([{ message: '--reference-files is for runs: give good files with --reference' }]);
  const [file, references] = b === undefined ? [a, reference] : [b, [a, ...reference]];
  if (references.length === 0)
    throw new InputError([
      { message: `there is nothing to compare ${a} with. Name a second file, or use --reference` },
    ]);
  mustExist([file, ...references].filter((one) => !isXrootd(one)));
  const own = loadHistogramRules(rules);
  const places = [file, ...references];
  const paths = await Promise.all(places.map(onThisMachine));
  const [path, ...others] = paths as [string, ...string[]];
  const found = await compareFiles(path, others, Date.now(), {
    ...{ rules: own, name: file },
    ...(match !== undefined && { match }),
  });
  const placeOf = (of: string): string => places[paths.indexOf(of)] ?? of;
  const comparison: FileComparison = {
    ...found,
    ...{ file, references: [...references] },
    problems: found.problems.map((problem) => ({ ...problem, file: placeOf(problem.file) })),
    reason: paths.reduce((text, one) => text.replaceAll(one, () => placeOf(one)), found.reason),
  };
  const { verdict } = comparison;
  return {
    json: comparison,
    lines: linesOf(comparison),
    exitCode: verdict === 'different' ? EXIT_DIFFERENT : verdict === 'not readable' ? EXIT_INPUT : 0,
  };
}

/** The local path of a file. A file on a storage server is fetched. @throws {InputError} when that is impossible */
async function onThisMachine(place: string): Promise<string> {
  if (!isXrootd(place)) return place;
  const file = await fetched(place).catch((error: Error) => ({ reason: error.message }));
  if (file && 'path' in file) return file.path;
  throw new InputError([{ message: file ? file.reason : `${place}: there is no such file` }]);
}

/** @throws InputError that names the paths that do not exist, or are not files */
function mustExist(files: readonly string[]): void {
  const problems = files.flatMap((file) => {
    const status = statSync(file, { throwIfNoEntry: false });
    if (status?.isFile()) return [];
    return [{ message: `${file} ${status ? 'is not a regular file' : 'does not exist'}` }];
  });
  if (problems.length > 0) throw new InputError(problems);
}

function linesOf({ file, references, verdict, reason, problems, counts, objects }: FileComparison): string[] {
  const colour = { compatible: paint.green, different: paint.red, 'not readable': paint.yellow }[verdict];
  const listed = objects.filter(({ state }) => !FINE.has(state));
  const rows = listed.slice(0, LISTED).map(({ state, name, reason: why }) => [colourOf(state)(state), name, why]);
  const numbers = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  const lines = [
    `${file} against ${references.join(', ')}: ${colour(verdict)}`,
    reason,
    ...(numbers.length > 0 ? [numbers.join(', ')] : []),
    ...problems.map((problem) => `${paint.yellow('!')} ${problem.file}: ${problem.reason}`),
    ...(rows.length > 0 ? ['', ...table(rows)] : []),
    ...(listed.length > LISTED ? [`… and ${listed.length - LISTED} more; --json prints all`] : []),
  ];
  return lines;
}

function colourOf(state: State): (text: string) => string {
  if (DIFFERENT.has(state)) return paint.red;
  return state === 'suspicious' ? paint.yellow : paint.dim;
}
