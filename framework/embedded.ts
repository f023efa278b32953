import { mkdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Master } from './commands.ts';
import { ConfigError } from './config/config-error.ts';
import { ContainerError } from './local/container-cli.ts';
import { randomCredentials } from './local/credentials.ts';
import { startLocalMaster } from './local/master.ts';
import type { Logger } from './log.ts';
import { basic } from './mesos/credentials.ts';
import type { FrameworkArguments } from './options.ts';
import { temporaryDir } from './temporary-dir.ts';

/** What the embedded master leaves to the rest of the machine by default. */
const LOCAL_MEMORY_SHARE = 0.9;
/** MB of disk that the embedded agent offers. Workers check themselves how much is really free. */
const LOCAL_DISK = 1_000_000;

/** An embedded master that accepts calls of this process only. @throws ConfigError */
export async function startEmbedded(
  args: FrameworkArguments,
  log: Logger,
): Promise<Master & { dir: string; stop(): Promise<void> }> {
  if (args.credentialFile !== undefined || args.tokenFile !== undefined) {
    throw new ConfigError('--master local makes its own credentials. Leave out --credential-file and --token-file');
  }
  const dir = await temporaryDir();
  const memory = args.localMemory ?? Math.floor((totalmem() / 2 ** 20) * LOCAL_MEMORY_SHARE);
  const containerizer = args.containerizer === 'process' ? undefined : args.containerizer;
  const agents = [
    { cpus: args.localCpus ?? availableParallelism(), memory, disk: LOCAL_DISK, gpus: args.localGpus, containerizer },
  ];
  const credentials = randomCredentials();
  const workDir = join(dir, 'agents');
  mkdirSync(workDir, { mode: 0o700 });
  const master = await startLocalMaster({ workDir, agents, log, credentials }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRNOTAVAIL')
      throw new ConfigError(
        '--master local needs 127.0.0.1, which this machine does not have. To add it: ip address add 127.0.0.1/8 dev lo',
      );
    if (!(error instanceof ContainerError)) throw error;
    throw new ConfigError(`--containerizer ${args.containerizer}: ${error.message}`);
  });
  const { principal, secret } = credentials;
  return { address: master.address, credentials: basic(principal, secret), dir, stop: () => master.stop() };
}
