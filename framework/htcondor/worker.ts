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
 * Seconds that a job has to end when its worker must leave, and that a shadow has to ask for a claim that the worker has given up:
 * less than the 5 s that Mesos leaves the tasks of a framework that ends.
 */
const LEAVE_SECONDS = 3;
/**
 * Seconds for which a worker takes jobs. Then it ends as soon as its job has, and its core goes to the user with the smallest share:
 * otherwise a user with 100,000 jobs would keep all cores for days. A new worker takes 3 s to come, so this costs 1 % at most.
 */
const LIFE_SECONDS = 300;
/** The longest time that a worker takes to leave, seconds. Less than `killGraceSeconds`. */
const LEAVE_LIMIT_SECONDS = 20;

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
  NUM_SLOTS_TYPE_1: '1',
  SLOT_TYPE_1_PARTITIONABLE: 'false',
  // A worker that is asked to leave returns its job at once. Without a kill it works as long as its job lasts.
  MAXJOBRETIREMENTTIME: '0',
  MachineMaxVacateTime: '5',
  KILLING_TIMEOUT: '5',
  UPDATE_INTERVAL: '$(UPDATE_SECONDS:10)',
  CLAIM_WORKLIFE: String(LIFE_SECONDS),
  // The script sets RETIRES_AT, by the clock of the worker. START must not have it: schedd and negotiator evaluate it by their clocks.
  IS_OWNER: '!$(TAKES_JOBS:true) || time() >= $(RETIRES_AT)',
  DAEMON_SHUTDOWN: '$(TAKES_JOBS:true) && State == "Owner" && time() >= $(RETIRES_AT)',
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
    takesGpus: true,
    changesManager: false,
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
function tasksAtOnce(shape: Shape, { cores = 1, memory = 0, disk = 0, gpus = 0 }: Need): number {
  const { gpus: there = 0 } = shape;
  return cores <= shape.cores && memory <= shape.memory && disk <= shape.disk && gpus <= there ? 1 : 0;
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
 * Mesos' executors send SIGTERM to all processes of a task at once. That would lose a job whose shadow is on its way: if the shadow
 * finds no startd, or its starter ends before it has reported, the shadow waits until the job's lease ends. So the worker runs
 * outside of the session, of the process tree and of the marks by which executors find processes, and only this script gets the
 * signal. It makes the startd refuse claims (by a new setting, and SIGHUP), and reads the state of the slot in the startd's log:
 *
 * - An unclaimed slot becomes an owner's slot. Nobody can come any more, and the startd is ended.
 * - A slot that was just claimed waits for its job.
 * - A job has `LEAVE_SECONDS` to end. Then the startd evicts it.
 * - A claim without a job, which the schedd keeps for the next one, is given up by a second setting. The startd stays for
 *   `LEAVE_SECONDS`: a shadow that it refuses returns its job to the queue, and a shadow that finds no startd does not.
 *
 * Two pipes join both parts. Whatever ends one of them, the other one notices: `asked` has a reader in the worker and a writer
 * here; of `lives`, the processes of the worker are writers.
 */
const SCRIPT = `
[ "$(id -u)" != 0 ] || { echo "HTCondor workers run jobs as their own user: give their pool a user that is not root" >&2; exit 2; }
cd "$MESOS_SANDBOX" || exit 2
mkdir -p execute
mkdir -p -m 700 log passwords.d tokens.d
ln -sf "$token" tokens.d/token
: > worker.conf; : >> log/StartLog
rm -f asked lives ended
mkfifo -m 600 asked lives || exit 2
[ "$CONDOR_CONFIG" != ONLY_ENV ] || export CONDOR_CONFIG="$PWD/worker.conf"
export _CONDOR_LOCAL_DIR="$PWD" _CONDOR_LOG="$PWD/log" _CONDOR_EXECUTE="$PWD/execute" HOME="$PWD"
export _CONDOR_SEC_TOKEN_DIRECTORY="$PWD/tokens.d" _CONDOR_RETIRES_AT="$(($(date +%s) + _CONDOR_CLAIM_WORKLIFE))"
worker='
  "$0" -f & startd=$!
  trap "kill -TERM $startd" TERM
  {
    if read -r word; then
      printf "%s\\n" "TAKES_JOBS = false" "UPDATE_SECONDS = 1" > worker.conf
      kill -HUP "$startd"
      exec 5<log/StartLog
      last="$(grep -e "-> " <&5 | tail -n 1)" since=0 closed=
      for tenth in $(seq ${10 * LEAVE_LIMIT_SECONDS}); do
        timeout 0.1 cat && break
        while read -r line <&5; do
          case "$line" in *"-> "*) last="$line" since=$tenth ;; esac
        done
        lasts=$((tenth - since)) close=
        case "$last" in
          *"-> Owner"*) [ -n "$closed" ] && [ "$lasts" -lt ${10 * LEAVE_SECONDS} ] || break ;;
          *"-> Busy"*) [ "$lasts" -lt ${10 * LEAVE_SECONDS} ] || break ;;
          *"-> Claimed"*) [ "$lasts" -lt ${10 * LEAVE_SECONDS} ] || close=yes ;;
          *"Busy -> Idle"*) close=yes ;;
        esac
        [ -n "$close" ] && [ -z "$closed" ] || continue
        closed=yes
        echo "KEEPS_CLAIM = false" >> worker.conf
        kill -HUP "$startd"
      done
      kill -TERM "$startd"
      cat
    fi
    kill -QUIT "$startd"; sleep 5; kill -KILL "$startd"
  } <&3 >/dev/null 2>&1 4>&- &
  exec 3<&-
  while kill -0 "$startd" 2>/dev/null; do wait "$startd"; status=$?; done
  # 99 is the end by DAEMON_SHUTDOWN.
  case "$status" in 99) status=0 ;; esac
  echo "\${status:-1}" > ended
'
apart="unshare --user --map-current-user --pid --mount-proc --fork --kill-child"
$apart true 2>/dev/null || apart=
( setsid env -u MESOS_CONTAINER_ID $apart sh -c "$worker" "$command" 3<asked 4>lives & )
trap 'echo leave >&3' TERM
exec 3>asked
(trap "" TERM; exec cat lives 3>&-) & seen=$!
while kill -0 "$seen" 2>/dev/null; do wait "$seen"; done
exit "$(cat ended 2>/dev/null || echo 1)"
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
    ...slotOf(shape),
    STARTD_NAME: id,
    // No worker shares files with a schedd's machine, so jobs have their files transferred.
    FILESYSTEM_DOMAIN: id,
    LaunchId: `"${id}"`,
    LaunchSubmitter: `"${user}"`,
    LaunchSchedd: `"${schedd}"`,
    START: `TARGET.User == "${user}" && ($(TAKES_JOBS:true) || ($(KEEPS_CLAIM:true) && State == "Claimed"))`,
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

/**
 * The slot has all of its worker. Of the GPUs that HTCondor finds on the machine or in the container, it has as many as the worker
 * was launched with: where nothing isolates GPUs, there may be more. Each is known by an id of its own, which the job gets in
 * `CUDA_VISIBLE_DEVICES`.
 */
function slotOf({ gpus = 0 }: Shape): Record<string, string> {
  if (gpus === 0) return { SLOT_TYPE_1: '100%' };
  return {
    SLOT_TYPE_1: `100%, gpus=${gpus}`,
    MACHINE_RESOURCE_INVENTORY_GPUs: '$(LIBEXEC)/condor_gpu_discovery -properties',
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
