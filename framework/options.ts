import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Argv } from 'yargs';

/** Environment variables of the predecessor, which keep working; flags win over them. */
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

/** What help and manual say of it: they are the same for every user. */
export const STATE_DIRS = '~/.local/state/mesos-workqueue-framework; of root /var/lib/mesos-workqueue-framework';

/** Where the journal lives unless told otherwise. */
export function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/mesos-workqueue-framework';
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'mesos-workqueue-framework');
}

/** The flags of the framework itself: the predecessor's, then ours. */
export function frameworkOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('master', {
      alias: 'm',
      type: 'string',
      default: fromEnvironment('master') ?? 'localhost:5050',
      describe: 'Mesos master: HOST:PORT[,HOST:PORT…], http(s)://…, zk://…/mesos, or "local" for one of its own',
    })
    .option('catalog', {
      alias: 'C',
      type: 'string',
      array: true,
      default: [fromEnvironment('catalog') ?? 'localhost:9097'],
      describe: 'Work Queue catalog server, HOST:PORT; repeatable',
    })
    .option('manager', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Work Queue manager to serve without any catalog, HOST:PORT; repeatable. Its project must fit a pool',
    })
    .option('config', {
      type: 'string',
      describe: 'YAML file with pools; replaces the one pool that the flags describe',
    })
    .option('docker', {
      alias: 'D',
      type: 'string',
      default: fromEnvironment('docker'),
      defaultDescription: 'alisw/slc6-builder; none with --master local',
      describe: 'Image of the workers; "none": plain processes',
    })
    .option('user', {
      alias: 'u',
      type: 'string',
      default: fromEnvironment('user'),
      describe: 'User that workers run as',
    })
    .option('framework_name', {
      alias: ['N', 'framework-name'],
      type: 'string',
      default: fromEnvironment('framework_name') ?? 'Mesos Workqueue Framework',
      describe: 'Name shown by Mesos',
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
      describe: 'File with "PRINCIPAL SECRET" for the master; else the secret of $MESOS_SECRET with --principal',
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
      describe: 'HOST[:CONTAINER[:RO|RW]] mounted in the workers; repeatable',
    })
    .option('privileged', {
      alias: 'p',
      type: 'boolean',
      default: fromEnvironment('privileged') === 'true',
      describe: 'Privileged containers',
    })
    .option('max', { type: 'number', default: 1000, describe: 'Workers at most' })
    .option('granularity', {
      type: 'number',
      default: 1,
      describe: 'Workers that may be launched as one of so many times the size',
    })
    .option('idle', { type: 'number', default: 2, describe: 'Seconds an idle worker is kept' })
    .option('password', {
      type: 'string',
      describe:
        'File with the password of the Work Queue managers; the agents need it at the same path. Managers that do not ask for it get no workers',
    })
    .option('failover-timeout', {
      type: 'number',
      default: 86_400,
      describe: 'Seconds for which Mesos keeps the workers while this framework is away',
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
      describe: 'HOST:PORT of /healthz, /metrics and /state; port 0: a free one',
    })
    .option('allowed-host', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe:
        'Name under which /state is asked for, besides localhost, the machine’s name and that of --listen; repeatable',
    })
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe:
        'Decide and log, but launch and kill nothing; registers as a framework of its own, with a journal of its own',
    })
    .option('teardown-on-exit', { type: 'boolean', default: false, describe: 'Kill the workers on exit' })
    .option('local-cpus', {
      type: 'number',
      describe: 'With --master local: cores to offer; default: those of this machine',
    })
    .option('local-memory', { type: 'number', describe: 'With --master local: MB of memory to offer' })
    .option('local-gpus', { type: 'number', default: 0, describe: 'With --master local: GPUs to offer' })
    .option('containerizer', {
      choices: ['process', 'docker', 'podman'] as const,
      default: 'process' as const,
      describe: 'With --master local: what runs workers that have an image',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Talk JSON to the master instead of protobuf' })
    .option('log-level', {
      choices: ['debug', 'info', 'warn', 'error'] as const,
      default: 'info' as const,
      describe: 'What is logged to stderr',
    });
}

export type FrameworkArguments = Awaited<ReturnType<typeof frameworkOptions<unknown>>['argv']>;
