import type { Need, ProjectDemand, Shape } from '../demand/demand.ts';
import type { NewWorker, Obstacle, WorkerKind, WorkerLaunch, WorkerSettings } from '../demand/worker-kind.ts';

/** The parts of the project's manager name: the user and the schedd; see `managerName`. */
const MANAGER = /^([\w.+-]+@[\w.-]+|[\w.+-]+) at ([\w.+@-]+)$/;

/**
 * Within this many seconds an idle worker gets a job, or its pool does not use it: two cycles of a negotiator with
 * HTCondor's default settings (60 s), plus a margin.
 */
const HAND_OUT_SECONDS = 150;

/**
 * Settings of every worker. Further settings are added at its launch. A worker reads no configuration file: all other settings
 * have HTCondor's default, or come from the pool's `environment`.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  DAEMON_LIST: 'STARTD',
  RELEASE_DIR: '/usr',
  LIBEXEC: '/usr/libexec/condor',
  USE_SHARED_PORT: 'false',
  SEC_USE_FAMILY_SESSION: 'false',
  // Otherwise a worker on the schedd's own machine would authenticate as its Unix user, whatever its token says.
  SEC_CLIENT_AUTHENTICATION_METHODS: 'IDTOKENS',
  // One static slot. A partitionable slot holds claims for minutes when jobs ask to keep their claims.
  SLOT_TYPE_1: '100%',
  NUM_SLOTS_TYPE_1: '1',
  SLOT_TYPE_1_PARTITIONABLE: 'false',
  // A worker that is asked to leave returns its job at once. Without a kill it works as long as its job lasts.
  MAXJOBRETIREMENTTIME: '0',
  MachineMaxVacateTime: '5',
  KILLING_TIMEOUT: '5',
  UPDATE_INTERVAL: '10',
  // The schedd gives up a claim that was silent for three times this long.
  ALIVE_INTERVAL: '10',
  // The worker offers itself to its schedd each second. The schedd gives it a job of the token's owner without a negotiator.
  STARTD_DIRECT_ATTACH_INTERVAL: '1',
  // Daemons that take time at the start and that one slot does not need: half a second of processor time becomes a tenth of that.
  BENCHMARKS_JOBLIST: '',
  RunBenchmarks: 'false',
  STARTD_CRON_JOBLIST: '',
  STARTD_DETECT_GPUS: 'false',
  HIBERNATION_PLUGIN: '/bin/true',
  // http(s), ftp and file. The other plugins are Python programs, which every startd and starter would start to ask what they can do.
  FILETRANSFER_PLUGINS: '/usr/libexec/condor/curl_plugin',
  JAVA: '',
  STARTD_ATTRS: 'LaunchId, LaunchSubmitter, LaunchSchedd',
};

/** `condor_startd` with one static slot, for the jobs of one user at one schedd. @param collector of the pool, HOST:PORT */
export function startd(collectorOf: (schedd: string) => string | undefined): WorkerKind {
  return {
    source: 'htcondor',
    title: 'HTCondor worker',
    workerCommand: 'condor_startd',
    // It ends its job and tells its schedd. If it is killed earlier, the job waits until its lease ends.
    killGraceSeconds: 30,
    connectSeconds: 60,
    handOutSeconds: HAND_OUT_SECONDS,
    earlyEnd:
      'before its collector listed it. The causes may be: no route to the collector, or a token without the right ADVERTISE_STARTD',
    tasksAtOnce,
    obstacle,
    launch: (pool, worker, project) => launch(pool, worker, project, collectorOf),
  };
}

/** A static slot runs one job at a time. */
function tasksAtOnce(shape: Shape, { cores = 1, memory = 0, disk = 0 }: Need): number {
  return cores <= shape.cores && memory <= shape.memory && disk <= shape.disk ? 1 : 0;
}

function obstacle({ name, passwordFile }: WorkerSettings, project: ProjectDemand): Obstacle | undefined {
  if (project.closed !== undefined) return { reason: 'no-matches', detail: `its pool ${project.closed}` };
  if (!MANAGER.test(project.manager)) {
    const detail = 'its name has characters that a worker’s settings cannot contain';
    return { reason: 'name', detail };
  }
  if (passwordFile === undefined) {
    const detail = `pool ${name} has no passwordFile. Name the file with the token that its workers show to HTCondor`;
    return { reason: 'no-token', detail };
  }
  return undefined;
}

/**
 * It runs in a process namespace of its own where the agent allows that, so that neither the job nor any other process
 * outlives it. Otherwise it ends its job and itself when its parent dies.
 */
const SCRIPT = `
[ "$(id -u)" != 0 ] || { echo "HTCondor workers run jobs as their own user: give their pool a user that is not root" >&2; exit 2; }
cd "$MESOS_SANDBOX" || exit 2
mkdir -p log execute passwords.d
mkdir -p -m 700 tokens.d
ln -sf "$token" tokens.d/token
export _CONDOR_LOCAL_DIR="$PWD" _CONDOR_LOG="$PWD/log" _CONDOR_EXECUTE="$PWD/execute" HOME="$PWD"
export _CONDOR_SEC_TOKEN_DIRECTORY="$PWD/tokens.d"
apart() { unshare --user --map-current-user --pid --mount-proc --fork --kill-child "$@"; }
if apart true 2>/dev/null; then
  exec setpriv --pdeathsig KILL unshare --user --map-current-user --pid --mount-proc --fork --kill-child "$command" -f
fi
exec setpriv --pdeathsig QUIT "$command" -f
`.trim();

function launch(
  pool: WorkerSettings,
  { id, shape }: NewWorker,
  { manager }: ProjectDemand,
  collectorOf: (schedd: string) => string | undefined,
): WorkerLaunch {
  const [, user = '', schedd = ''] = MANAGER.exec(manager) ?? [];
  const collector = collectorOf(schedd) ?? '';
  const settings: Record<string, string> = {
    ...SETTINGS,
    CONDOR_HOST: collector,
    COLLECTOR_HOST: collector,
    NUM_CPUS: String(shape.cores),
    MEMORY: String(shape.memory),
    STARTD_NAME: id,
    // No worker shares files with a schedd's machine, so jobs have their files transferred.
    FILESYSTEM_DOMAIN: id,
    LaunchId: `"${id}"`,
    LaunchSubmitter: `"${user}"`,
    LaunchSchedd: `"${schedd}"`,
    START: `TARGET.User == "${user}"`,
    STARTD_DIRECT_ATTACH_SCHEDD_NAME: schedd,
    STARTD_DIRECT_ATTACH_SCHEDD_POOL: collector,
    STARTD_NOCLAIM_SHUTDOWN: String(Math.max(HAND_OUT_SECONDS, Math.ceil(pool.idleSeconds))),
  };
  const environment = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`_CONDOR_${name}`, value]));
  const token = (pool.passwordFile ?? '').replaceAll('{user}', user);
  const values = { token, command: pool.workerCommand };
  const words = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  return { command: `${words.join('\n')}\n${SCRIPT}`, environment: { CONDOR_CONFIG: 'ONLY_ENV', ...environment } };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
