import { ConfigError } from './config/config-error.ts';
import type { SourceType } from './demand/source.ts';
import { type HostPort, parseHostPort } from './net/address.ts';
import type { FrameworkArguments } from './options.ts';
import { readPassword } from './workqueue/password.ts';
import { workQueue } from './workqueue/watcher.ts';

/**
 * All sources of demand, with the settings from flags and configuration file. A new source is a folder beside `workqueue/`
 * and an entry here. What reads YAML, and sources that only a file can name, are loaded when they are needed: a framework
 * that idles for weeks should be small. @throws ConfigError
 */
export async function sourcesOf(args: FrameworkArguments): Promise<[SourceType, ...SourceType[]]> {
  const { config } = args;
  const file = config === undefined ? undefined : (await import('./config/sources.ts')).readSources(config);
  const catalogs = file?.workQueue === false ? [] : args.catalog;
  const pools = file?.htcondor ?? [];
  return [
    workQueue({
      catalogs: catalogs.map((text) => hostPort('catalog', text)),
      managers: args.manager.map((text) => hostPort('manager', text)),
      ...(args.password !== undefined && { password: readPassword(args.password) }),
    }),
    ...(pools.length > 0 ? [(await import('./htcondor/watcher.ts')).htcondor(pools)] : []),
  ];
}

/** @throws ConfigError with the name of the flag */
export function hostPort(flag: string, text: string): HostPort {
  const parsed = parseHostPort(text);
  if (!parsed) throw new ConfigError(`--${flag} ${text}: expected HOST:PORT`);
  return parsed;
}
