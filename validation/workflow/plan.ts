/**
 * The typed DAG between input and execution. A JDL and a workflow definition become a Plan. Everything later (the
 * printed plan, Makeflow files, step scripts, the run, the report) is made from the plan.
 *
 * A plan has few stages and many steps (100,000 must fit in memory). So the stage has, as templates, what its steps have in common,
 * and a step has only its id, its number and the ids that it waits for. `expandStep` joins the two.
 */

/** Resources and time limit of one step. */
export interface Resources {
  /** Whole number of cores. */
  cores: number;
  /** MB. */
  memory: number;
  /** MB of disk in the sandbox. */
  disk: number;
  /** Absent: none. */
  gpus?: number;
  /** Seconds after which the payload is killed (the JDL's TTL); absent: no limit. */
  wallTime?: number;
}

/**
 * A file that a step needs in its working directory under `name`.
 * - `sent`: a file of this machine (`source`, absolute), which makeflow sends with the step
 * - `generated`: relval writes it into the run (a collection, a list); `lines` yields its text line by line
 * - `made`: an earlier step of this workflow writes it, and makeflow hands it on (`transferToMakeflow`, validation reports)
 * - `worker`: an absolute path that must exist on the worker; the step copies it
 * - `xrootd`: a `root://` address; the step fetches it
 */
export type InputFile = { name: string; unpack: boolean } & (
  | { kind: 'sent'; source: string }
  | { kind: 'generated'; lines: () => Iterable<string> }
  | { kind: 'made'; step: string; file: string }
  | { kind: 'worker'; path: string }
  | { kind: 'xrootd'; url: string }
);

/** Outputs to keep: `patterns` are shell globs; with `archive` they are packed into that zip file. */
export interface OutputFiles {
  archive?: string;
  patterns: string[];
}

/** The common properties of all steps of a stage. Strings named template still contain `#alien…#` variables and shell expressions. */
export interface Stage {
  name: string;
  /** Number of the Makeflow run of this stage, from 0: how many steps a later phase has is known only after the phase before it. */
  phase: number;
  /** Names of the stages it waits for. */
  after: string[];
  /** Base name of the program, searched in this order: full path, $PATH, $ALIDPG_ROOT, working directory. */
  executable: string;
  /** Path in the JDL, tried first. */
  executablePath: string;
  argumentsTemplate: string;
  /** Exported variables in order, name and value template. */
  environment: [name: string, valueTemplate: string][];
  /** `VO_ALICE@Name::version`, loaded from CVMFS if there is no environmentCommand. */
  packages: string[];
  environmentCommand?: string;
  /** Inputs of all steps. A step's own input file (fan-out over files) is `inputFile` of the step. */
  inputs: InputFile[];
  outputs: OutputFiles[];
  /** The lists of its archives name files that need not be there. */
  optionalMembers?: true;
  /** Keep all files except the inputs. */
  saveAll: boolean;
  /** Keep files unchanged, never zipped. */
  dontArchive: boolean;
  /** The payload's output goes only to its log files, not also to the step's own stdout. */
  noLiveOutput: boolean;
  outputDirTemplate: string;
  /** Files for later steps, handed on through the workflow's own directory (`transferToMakeflow`). */
  handsOn: string[];
  /** Globs of files that later stages read. A glob without a match is a missing output. */
  expects: string[];
  /** What happens when the payload fails. `continue`: the steps that wait for it run. `stop`: they do not run. */
  onFailure: 'continue' | 'stop';
  /** How many times makeflow repeats the step after an infrastructure failure. */
  retries: number;
  image?: string;
  resources: Resources;
  /** Limits on transfers: seconds for one file, and number of files at once. */
  copyTimeout: number;
  copyJobs: number;
}

/** One job of a stage. */
export interface Step {
  /** The predecessor's target without `.done`: sim0001, simQaMerge, cpass00003. Letters and digits only. */
  id: string;
  stage: Stage;
  /** Job index, the value of `#alien_counter#`. */
  index: number;
  /** Ids of the steps it waits for. The steps of a stage share one list. */
  after: readonly string[];
  /** The input file of this step, as the JDL or the collection names it: path or root:// address. */
  inputFile?: string;
  /** Outputs of this step that later stages fetch from its OutputDir, in addition to what its stage `expects`. */
  expects?: string[];
  /** Arguments of this step only, appended to those of the stage (the three numbers of a time bin). */
  extraArguments?: string[];
}

/** A line that has no step, in a file that a stage made. */
export interface SkippedLine {
  file: string;
  /** Line number, from 1. */
  line: number;
  text: string;
  /** The regular expression for valid lines. */
  expected: string;
  /** It looks as if it was meant to be valid, so the run must not continue without it. */
  malformed: boolean;
}

/** A file that a step stores in its OutputDir. */
export interface StoredFile {
  step: string;
  /** With expanded AliEn variables, but not expanded shell expressions. */
  directory: string;
  /** A name or a glob. */
  file: string;
  /** Archives that may contain it instead. */
  archives: string[];
}

export interface Plan {
  /** Name of the JDL file without `.jdl`, or of the workflow. Letters, digits, `.`, `_`, `-`. */
  name: string;
  /** Name of the workflow: mc, reco, or the user's. */
  workflow: string;
  /** Number of makeflow runs, one after the other. */
  phases: number;
  stages: Stage[];
  steps: Step[];
  /** Stages whose steps cannot be listed before an earlier stage has run: one step for each line of `file`, which `stage` makes. */
  pending: { stage: string; file: string; madeBy: string }[];
  /** Lines of made files that were left out. */
  skippedLines?: SkippedLine[];
  /** Files that must be stored before the run starts, by steps that do not run because they count as done. */
  needs?: StoredFile[];
  /** The files that were read: the JDL, overrides, collections. They are copied into the run's `input/`. */
  sources: string[];
  warnings: string[];
}
