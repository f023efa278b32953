import type { Argv } from 'yargs';
import { type CheckSettings, checkSection } from '../../preflight/settings.ts';
import type { CheckOptions } from '../../runs/life/check-before.ts';
import { sectionsOf } from './settings.ts';

const words = (key: keyof CheckSettings): string => checkSection.unwrap().shape[key].description ?? '';

/** The flags about pre-flight checks: shared by `check` and the commands that run something. */
export function checkOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['check', 'wait', 'proxy', 'proxy-days', 'alienv'], 'Pre-flight checks:')
    .option('wait', { type: 'string', requiresArg: true, describe: words('wait') })
    .option('proxy', { type: 'string', requiresArg: true, describe: words('proxy') })
    .option('proxy-days', { type: 'number', requiresArg: true, describe: words('proxyDays') })
    .option('alienv', { type: 'string', requiresArg: true, describe: words('alienv') });
}

interface CheckFlags {
  config?: unknown;
  wait?: string | undefined;
  proxy?: string | undefined;
  proxyDays?: number | undefined;
  alienv?: string | undefined;
}

/** How to check: flags beat the section of `relval.yaml`. @throws InputError for a configuration with mistakes */
export function checkSettings(flags: CheckFlags): Omit<CheckOptions, 'fast' | 'say'> {
  const { check, serve } = sectionsOf({ config: flags.config });
  return {
    wait: flags.wait ?? check.wait,
    proxy: flags.proxy ?? check.proxy,
    proxyDays: flags.proxyDays ?? check.proxyDays,
    alienv: flags.alienv ?? check.alienv,
    frameworks: serve.frameworks,
  };
}
