/** The settings of a run that makeflow does not write into its submit files. */
export interface Submission {
  /** Value of the attribute `RelvalRun`, by which the jobs of this run are found. */
  mark: string;
  /** Name of the batch in condor_q. */
  batchName: string;
  /** Whether a slot is kept for the next job of the run when its job has ended. */
  keepsClaims: boolean;
  /** Container image of the jobs; undefined: they are processes. */
  image?: string | undefined;
}

/** Attribute of a job with the run that it belongs to. */
export const MARK = 'RelvalRun';
/** Variable of a rule with the files that its job brings back. */
export const OUTPUTS_VARIABLE = 'RELVAL_OUTPUTS';
/**
 * File with the variables of the steps. With other back ends steps get them from makeflow's environment, but HTCondor shows the
 * environment of a job to everybody.
 */
export const ENVIRONMENT_FILE = 'relval-environment';
/** Beginning of the names of files with a step's token. */
export const TOKEN_FILE = 'relval-token.';

/**
 * When a worker is lost, its job waits for another one after this time, seconds. HTCondor's default is 2400. A job starts again if
 * its schedd is away for longer than this.
 */
const LEASE_SECONDS = 40;

/**
 * For how long a claim is kept for the next job, seconds. Makeflow sees the end of a job within a second, and then submits the
 * next one. Makeflow's own value is 30, which is longer than an idle worker of our framework stays.
 */
const KEPT_SECONDS = 10;

/** A constraint that is true for the jobs of a run only. */
export function ofRun(mark: string): string {
  return `${MARK} == "${mark}"`;
}

/**
 * The lines that are added to each submit file. They override the same commands of makeflow, because the last one counts.
 * @throws {RangeError} when a submit file cannot contain a value
 */
export function submitLines({ mark, batchName, keepsClaims, image }: Submission): string[] {
  for (const value of [mark, batchName, image ?? ''])
    if (/["\s\\]/.test(value))
      throw new RangeError(`${JSON.stringify(value)} has a character that a submit file cannot contain`);
  return [
    `+${MARK} = "${mark}"`,
    `batch_name = ${batchName}`,
    // Makeflow's default is the whole environment, with all secrets.
    'getenv = false',
    'environment = "CORES=$(request_cpus)"',
    `transfer_input_files = $(transfer_input_files) ${ENVIRONMENT_FILE}`,
    `encrypt_input_files = ${ENVIRONMENT_FILE}, ${TOKEN_FILE}*`,
    // Otherwise HTCondor returns all new files of the job's directory, into the directory of makeflow.
    `transfer_output_files = $ENV(${OUTPUTS_VARIABLE})`,
    `keep_claim_idle = ${keepsClaims ? KEPT_SECONDS : 0}`,
    `job_lease_duration = ${LEASE_SECONDS}`,
    ...(image === undefined ? [] : ['universe = container', `container_image = ${imageAddress(image)}`]),
  ];
}

/** Lines as the argument of makeflow's option -B. */
export function batchOptions(lines: readonly string[]): string {
  return lines.map((line) => `${line.replaceAll('\\', '\\\\')}\\n`).join('');
}

/** Names of images are those of Docker's registries; files and addresses stay as they are. */
function imageAddress(image: string): string {
  return image.includes('://') || image.startsWith('/') || image.endsWith('.sif') ? image : `docker://${image}`;
}
