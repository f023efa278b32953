import { ConfigError } from './config/yaml-file.ts';
import type { SourceType } from './demand/source.ts';
import { type HostPort, parseHostPort } from './net/address.ts';
import type { FrameworkArguments } from './options.ts';
import { readPassword } from './workqueue/password.ts';
import { workQueue } from './workqueue/watcher.ts';

/** Every source of demand, as the flags set it up. A new one is a folder beside `workqueue/` and an entry here. */
export function sourcesOf(args: FrameworkArguments): [SourceType, ...SourceType[]] {
  return [
    workQueue({
      catalogs: args.catalog.map((text) => hostPort('catalog', text)),
      managers: args.manager.map((text) => hostPort('manager', text)),
      ...(args.password !== undefined && { password: readPassword(args.password) }),
    }),
  ];
}

/** @throws ConfigError that names the flag */
export function hostPort(flag: string, text: string): HostPort {
  const parsed = parseHostPort(text);
  if (!parsed) throw new ConfigError(`--${flag} ${text}: expected HOST:PORT`);
  return parsed;
}
