import { z } from 'zod';
import { type HTCondorSettings, htcondorSchema } from '../htcondor/settings.ts';
import { ConfigError } from './config-error.ts';
import { parseYaml, readConfig } from './yaml-file.ts';

/** What a configuration file says about the sources of demand. */
export interface SourceSettings {
  htcondor: HTCondorSettings[];
  /** Whether any pool serves Work Queue. If none does, nobody looks for managers. */
  workQueue: boolean;
}

const fileSchema = z.looseObject({
  htcondor: z.array(htcondorSchema).min(1).optional(),
  pools: z.array(z.looseObject({ source: z.unknown().optional() })).optional(),
});

/** @throws ConfigError */
export function readSources(path: string): SourceSettings {
  return parseSources(readConfig(path), path);
}

/** Reads the section from YAML text. `parsePools` reports errors in the pools. @throws ConfigError with file, line and column */
export function parseSources(text: string, path: string): SourceSettings {
  const { data, problems } = parseYaml(text, path, fileSchema);
  const mine = problems.filter(({ path: [first] }) => first === 'htcondor');
  if (mine.length > 0) throw new ConfigError(mine);
  const pools = data?.pools ?? [];
  const workQueue = pools.length === 0 || pools.some(({ source = 'workqueue' }) => source === 'workqueue');
  return { htcondor: data?.htcondor ?? [], workQueue };
}
