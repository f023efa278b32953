import { realpathSync, statSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { renderDot } from '../graph/dot.ts';
import { renderMermaid } from '../graph/mermaid.ts';
import { buildGraph, type Collapse, type Graph } from '../graph/model.ts';
import { renderSvg } from '../graph/svg.ts';
import { InputError } from '../input/input-error.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { isLive, statusOf } from '../runs/store/record.ts';
import { RunStore, replaceFile } from '../runs/store/store.ts';
import { type InputArguments, planInput } from '../workflow/plan-input.ts';
import { defineCommand } from './command.ts';
import { inputOptions } from './options/input.ts';
import { runsOption } from './options/runs.ts';
import { printWarnings } from './output/warnings.ts';
import { out } from './terminal.ts';

const RENDER = { svg: renderSvg, dot: renderDot, mermaid: renderMermaid } satisfies Record<
  string,
  (graph: Graph) => string | Promise<string>
>;
type Format = keyof typeof RENDER;
/** Formats by the extension of `-o FILE`. */
const BY_ENDING: Readonly<Record<string, Format>> = { '.dot': 'dot', '.gv': 'dot', '.mmd': 'mermaid' };

export const graphCommand = defineCommand(
  (command) =>
    runsOption(inputOptions(command))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'A JDL, a workflow (.yaml), or a run: its id, the beginning of its id, its directory, or "last"',
      })
      .option('format', {
        choices: Object.keys(RENDER) as Format[],
        describe: 'Default: by the extension of the output file, else svg',
      })
      .option('collapse', {
        choices: ['auto', 'stages', 'none'] as const,
        default: 'auto' as Collapse,
        describe:
          'Which stages are drawn as one node: auto: stages with more than 12 steps; stages: all; none: no stage',
      })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe: 'Write to this file instead of stdout',
      }),
  async (args) => {
    const { collapse, output } = args;
    const graph = isInputFile(args.input)
      ? graphOfInput(args, collapse)
      : graphOfRun(args, new RunStore(args.runs), collapse);
    const format = args.format ?? BY_ENDING[extname(output ?? '')] ?? 'svg';
    const text = await RENDER[format](graph);
    if (output === undefined) out.sayText(text);
    else write(output, text);
  },
);

/** Whether the input is a file. A missing `.jdl` or `.yaml` also counts as a file, so that the message says that it is missing. */
function isInputFile(path: string): boolean {
  return /\.(jdl|ya?ml)$/.test(path) || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

function graphOfInput(args: InputArguments, collapse: Collapse): Graph {
  const plan = planInput(args, { allowMissing: true });
  printWarnings(plan.warnings);
  return buildGraph(plan, { collapse });
}

/** Plans the run again from its stored request, and takes the states of its steps from its events. */
function graphOfRun(args: InputArguments, runs: RunStore, collapse: Collapse): Graph {
  const run = runs.find(args.input);
  const record = run.readRecord();
  const { id, request, judged = {} } = record;
  const { startAt, stopAt, only, workflow } = args;
  if (
    args.lenient ||
    [...args.set, ...args.setAppend, ...(args.arg ?? []), startAt, stopAt, only, workflow].some(
      (given) => given !== undefined,
    )
  ) {
    throw new InputError([
      { message: `${id} is a run. relval draws it as it was started, so these options are not allowed` },
    ]);
  }
  const copy = requestOfCopy(run, request);
  const cwd = copy.cwd !== undefined && { cwd: copy.cwd };
  const plan = planInput(copy, { allowMissing: true, outputBase: run.path, ...cwd });
  const steps = [...run.readView().steps].map(([step, { stage, state }]) => {
    return [step, { id: step, stage, state: judged[step] ?? state }] as const;
  });
  const live = isLive(statusOf(record, run.path));
  return buildGraph(plan, { collapse, run: { id, live, steps: new Map(steps) } });
}

/** A file is replaced as a whole, or stays as it is. */
function write(path: string, text: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile()) writeFileSync(path, text);
    else replaceFile(found ? realpathSync(path) : path, text);
  } catch (error) {
    throw new InputError([{ message: `${path} cannot be written: ${(error as Error).message}` }]);
  }
}
