import { parseSources } from './config/sources.ts';
import { ConfigError, readConfig } from './config/yaml-file.ts';
import type { SourceType } from './demand/source.ts';
import { htcondor } from './htcondor/watcher.ts';
import { type HostPort, parseHostPort } from './net/address.ts';
import type { FrameworkArguments } from './options.ts';
import { readPassword } from './workqueue/password.ts';
import { workQueue } from './workqueue/watcher.ts';

/**
 * All sources of demand, with the settings from flags and configuration file. A new source is a folder beside `workqueue/`
 * and an entry here. @throws ConfigError
 */
export function sourcesOf(args: FrameworkArguments): [SourceType, ...SourceType[]] {
  const { config } = args;
  const file = config === undefined ? undefined : parseSources(readConfig(config), config);
  const catalogs = file?.workQueue === false ? [] : args.catalog;
  return [
    workQueue({
      catalogs: catalogs.map((text) => hostPort('catalog', text)),
      managers: args.manager.map((text) => hostPort('manager', text)),
      ...(args.password !== undefined && { password: readPassword(args.password) }),
    }),
    ...(file && file.htcondor.length > 0 ? [htcondor(file.htcondor)] : []),
  ];
}

/** @throws ConfigError with the name of the flag */
export function hostPort(flag: string, text: string): HostPort {
  const parsed = parseHostPort(text);
  if (!parsed) throw new ConfigError(`--${flag} ${text}: expected HOST:PORT`);
  return parsed;
}
