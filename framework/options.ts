import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Argv } from 'yargs';

/** Environment variables of the predecessor. They still work; flags replace them. */
const ENVIRONMENT = {
  master: 'WORKQUEUE_MESOS_MASTER',
  catalog: 'WORKQUEUE_MESOS_CATALOG',
  docker: 'WORKQUEUE_MESOS_DOCKER',
  user: 'WORKQUEUE_MESOS_USER',
  framework_name: 'WORKQUEUE_MESOS_FRAMEWORK_NAME',
  role: 'WORKQUEUE_MESOS_ROLE',
  principal: 'WORKQUEUE_MESOS_PRINCIPAL',
  cores: 'WORKQUEUE_MESOS_CORES',
  memory: 'WORKQUEUE_MESOS_MEMORY',
  privileged: 'WORKQUEUE_MESOS_PRIVILEGED',
} as const;

function fromEnvironment(key: keyof typeof ENVIRONMENT): string | undefined {
  const value = process.env[ENVIRONMENT[key]];
  return value === '' ? undefined : value;
}

/** The text for help and manual, which are the same for every user. */
export const STATE_DIRS = '~/.local/state/mesos-workqueue-framework; for root /var/lib/mesos-workqueue-framework';

/** The default directory of the journal. */
export function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/mesos-workqueue-framework';
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'mesos-workqueue-framework');
}

/** The flags of the framework: first those of the predecessor, then the new ones. */
export function frameworkOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('master', {
      alias: 'm',
      type: 'string',
      default: fromEnvironment('master') ?? 'localhost:5050',
      describe: 'Mesos master: HOST:PORT[,HOST:PORT…], http(s)://…, zk://…/mesos, or "local" for an embedded master',
    })
    .option('catalog', {
      alias: 'C',
      type: 'string',
      array: true,
      default: [fromEnvironment('catalog') ?? 'localhost:9097'],
      describe: 'Work Queue catalog server, HOST:PORT. Repeatable',
    })
    .option('manager', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Work Queue manager to serve without a catalog, HOST:PORT. A pool must match its project. Repeatable',
    })
    .option('config', {
      type: 'string',
      describe: 'YAML file with pools. They replace the one pool that the flags describe',
    })
    .option('docker', {
      alias: 'D',
      type: 'string',
      default: fromEnvironment('docker'),
      defaultDescription: 'alisw/slc6-builder; none with --master local',
      describe: 'Image of the workers. "none": workers run as plain processes',
    })
    .option('user', {
      alias: 'u',
      type: 'string',
      default: fromEnvironment('user'),
      describe: 'User who runs the workers',
    })
    .option('framework_name', {
      alias: ['N', 'framework-name'],
      type: 'string',
      default: fromEnvironment('framework_name') ?? 'Mesos Workqueue Framework',
      describe: 'Name that Mesos shows',
    })
    .option('role', { alias: 'r', type: 'string', default: fromEnvironment('role') ?? '*', describe: 'Mesos role' })
    .option('principal', {
      alias: 'P',
      type: 'string',
      default: fromEnvironment('principal') ?? 'workqueue',
      describe: 'Mesos principal',
    })
    .option('credential-file', {
      type: 'string',
      describe:
        'File with "PRINCIPAL SECRET" for the master. Without it the secret is taken from $MESOS_SECRET, with --principal',
    })
    .option('token-file', { type: 'string', describe: 'File with a bearer token for the master' })
    .option('tls-ca', { type: 'string', describe: 'PEM file of the authority that signed the master’s certificate' })
    .option('tls-cert', { type: 'string', describe: 'PEM file of a client certificate' })
    .option('tls-key', { type: 'string', describe: 'PEM file of its key' })
    .option('cores', {
      alias: 'c',
      type: 'number',
      default: Number(fromEnvironment('cores') ?? 1),
      describe: 'Cores of a worker',
    })
    .option('memory', {
      alias: 'M',
      type: 'number',
      default: Number(fromEnvironment('memory') ?? 1024),
      describe: 'Memory of a worker, MB',
    })
    .option('disk', { type: 'number', default: 1024, describe: 'Disk of a worker, MB' })
    .option('gpus', { type: 'number', default: 0, describe: 'GPUs of a worker' })
    .option('volume', {
      alias: 'v',
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Directory to mount in the workers, HOST[:CONTAINER[:RO|RW]]. Repeatable',
    })
    .option('privileged', {
      alias: 'p',
      type: 'boolean',
      default: fromEnvironment('privileged') === 'true',
      describe: 'Run the containers privileged',
    })
    .option('max', { type: 'number', default: 1000, describe: 'Largest number of workers' })
    .option('granularity', {
      type: 'string',
      defaultDescription: 'auto; 1 with --master local and plain processes',
      describe:
        'How many workers may be launched together as one larger worker. auto: as the start rate of each agent advises',
    })
    .option('idle', { type: 'number', default: 2, describe: 'Seconds after which an idle worker is taken back' })
    .option('password', {
      type: 'string',
      describe:
        'File with the password of the Work Queue managers. The agents need it at the same path. A manager that does not ask for it gets no workers',
    })
    .option('failover-timeout', {
      type: 'number',
      default: 86_400,
      describe: 'Seconds for which Mesos keeps the workers after this framework has stopped',
    })
    .option('state-dir', {
      type: 'string',
      default: defaultStateDir(),
      defaultDescription: STATE_DIRS,
      describe: 'Directory of the journal',
    })
    .option('listen', {
      type: 'string',
      default: '127.0.0.1:0',
      describe: 'HOST:PORT of /healthz, /metrics and /state. Port 0: any free port',
    })
    .option('allowed-host', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe:
        'Further host name under which /state answers. It always answers to localhost, the machine’s name and the name of --listen. Repeatable',
    })
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe:
        'Decide and log, but launch and kill nothing. It registers as a separate framework, with a separate journal',
    })
    .option('teardown-on-exit', {
      type: 'boolean',
      default: false,
      describe: 'Tear down the framework on exit: Mesos kills its workers',
    })
    .option('local-cpus', {
      type: 'number',
      describe: 'With --master local: cores to offer. Default: all cores of this machine',
    })
    .option('local-memory', { type: 'number', describe: 'With --master local: MB of memory to offer' })
    .option('local-gpus', { type: 'number', default: 0, describe: 'With --master local: GPUs to offer' })
    .option('containerizer', {
      choices: ['process', 'docker', 'podman'] as const,
      default: 'process' as const,
      describe: 'With --master local: the program that runs workers with an image',
    })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'Use JSON instead of protobuf between framework and master',
    })
    .option('log-level', {
      choices: ['debug', 'info', 'warn', 'error'] as const,
      default: 'info' as const,
      describe: 'Lowest level of the records that are logged to stderr',
    });
}

export type FrameworkArguments = Awaited<ReturnType<typeof frameworkOptions<unknown>>['argv']>;
