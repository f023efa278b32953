/**
 * The typed DAG between input and execution: a JDL and a workflow definition become a Plan, and everything later (the
 * printed plan, Makeflow files, step scripts, the run, the report) is made from it.
 *
 * A plan has few stages and many steps (100,000 must fit in memory), so whatever the steps of a stage have in common
 * stays on the stage as templates, and a step is its id, its number and what it waits for. `expandStep` joins the two.
 */

/** Limits and needs of one step. */
export interface Resources {
  /** Cores, whole. */
  cores: number;
  /** MB. */
  memory: number;
  /** MB of sandbox. */
  disk: number;
  /** Absent: none. */
  gpus?: number;
  /** Seconds after which the payload is killed (the JDL's TTL); absent: no limit. */
  wallTime?: number;
}

/**
 * A file that a step wants in its working directory under `name`.
 * - `sent`: a file of this machine (`source`, absolute), sent by makeflow with the step
 * - `generated`: written by us into the run (a collection, a list); `lines` yields its text line by line
 * - `made`: written by an earlier step of this workflow and handed on by makeflow (`transferToMakeflow`, validation reports)
 * - `worker`: an absolute path that must exist on the worker, copied there
 * - `xrootd`: a `root://` address, fetched on the worker
 */
export type InputFile = { name: string; unpack: boolean } & (
  | { kind: 'sent'; source: string }
  | { kind: 'generated'; lines: () => Iterable<string> }
  | { kind: 'made'; step: string; file: string }
  | { kind: 'worker'; path: string }
  | { kind: 'xrootd'; url: string }
);

/** Files to keep of what a step leaves: `patterns` are shell globs; with `archive` they go into that zip file. */
export interface OutputFiles {
  archive?: string;
  patterns: string[];
}

/** What all steps of a stage share. Strings named template still hold `#alien…#` variables and shell expressions. */
export interface Stage {
  name: string;
  /** Number of the Makeflow run this stage belongs to, from 0: a later phase's width is only known when the one before has ended. */
  phase: number;
  /** Names of the stages it waits for. */
  after: string[];
  /** Base name, searched in this order (full path, $PATH, $ALIDPG_ROOT, working directory). */
  executable: string;
  /** Path as the JDL gives it, tried first. */
  executablePath: string;
  argumentsTemplate: string;
  /** Exported variables in order, name and value template. */
  environment: [name: string, valueTemplate: string][];
  /** `VO_ALICE@Name::version`, loaded from CVMFS when there is no environmentCommand. */
  packages: string[];
  environmentCommand?: string;
  /** Inputs common to all steps; a step's own input file (fan out over files) is `inputFile` of the step. */
  inputs: InputFile[];
  outputs: OutputFiles[];
  /** Keep everything but the inputs. */
  saveAll: boolean;
  /** Keep files as they are, never zipped. */
  dontArchive: boolean;
  /** Payload output goes to its log files only, not also to the step's own stdout. */
  noLiveOutput: boolean;
  outputDirTemplate: string;
  /** Files left for later steps in the workflow's own directory (`transferToMakeflow`). */
  handsOn: string[];
  /** Globs of files that later stages read: one without a match is a missing output. */
  expects: string[];
  /** When the payload fails: `continue` records it and lets dependants run; `stop` keeps them from running. */
  onFailure: 'continue' | 'stop';
  /** Times makeflow tries again after an infrastructure failure. */
  retries: number;
  image?: string;
  resources: Resources;
  /** Per-file transfer limits: seconds, and how many at once. */
  copyTimeout: number;
  copyJobs: number;
}

/** One job of a stage. */
export interface Step {
  /** As the predecessor's targets without `.done`: sim0001, simQaMerge, cpass00003. Letters and digits only. */
  id: string;
  stage: Stage;
  /** Job index, the value of `#alien_counter#`. */
  index: number;
  /** Ids of the steps it waits for; shared between the steps of a stage. */
  after: readonly string[];
  /** The file that this step is about, as the JDL or the collection names it: path or root:// address. */
  inputFile?: string;
  /** Names of outputs of this step that later stages fetch from its OutputDir, beyond what its stage `expects`. */
  expects?: string[];
  /** Arguments of this step alone, appended to the stage's (the three numbers of a time bin). */
  extraArguments?: string[];
}

/** A line of a file that a stage made, for which there is no step. */
export interface SkippedLine {
  file: string;
  /** From 1. */
  line: number;
  text: string;
  /** The regular expression that those that count match. */
  expected: string;
  /** It looks like one that was to count: the run must not go on without it. */
  malformed: boolean;
}

/** A file that a step leaves in its OutputDir. */
export interface StoredFile {
  step: string;
  /** With the AliEn variables expanded; shell expressions are left alone. */
  directory: string;
  /** A name or a glob. */
  file: string;
  /** Archives that may hold it instead. */
  archives: string[];
}

export interface Plan {
  /** Name of the JDL file without `.jdl`, or of the workflow. Letters, digits, `.`, `_`, `-`. */
  name: string;
  /** Name of the workflow: mc, reco, or the user's. */
  workflow: string;
  /** Number of makeflow runs in a row. */
  phases: number;
  stages: Stage[];
  steps: Step[];
  /** Stages whose steps cannot be listed before an earlier stage has run: fan out over the lines of `file`, made by `stage`. */
  pending: { stage: string; file: string; madeBy: string }[];
  /** Lines of made files that were left out. */
  skippedLines?: SkippedLine[];
  /** What steps that are taken as done, and are not run, must have stored before the run starts. */
  needs?: StoredFile[];
  /** The files that were read: the JDL, overrides, collections; copied into the run's `input/`. */
  sources: string[];
  warnings: string[];
}
