import { z } from 'zod';
import { type HTCondorSettings, htcondorSchema } from '../htcondor/settings.ts';
import { ConfigError, parseYaml } from './yaml-file.ts';

/** What a configuration file says about the sources of demand. */
export interface SourceSettings {
  htcondor: HTCondorSettings[];
  /** Whether any pool is for Work Queue: else nobody needs to look for its managers. */
  workQueue: boolean;
}

const fileSchema = z.looseObject({
  htcondor: z.array(htcondorSchema).min(1).optional(),
  pools: z.array(z.looseObject({ source: z.unknown().optional() })).optional(),
});

/** Reads it from YAML text; what is wrong with the pools, `parsePools` says. @throws ConfigError with file, line and column */
export function parseSources(text: string, path: string): SourceSettings {
  const { data, problems } = parseYaml(text, path, fileSchema);
  const mine = problems.filter((problem) => problem.includes(': htcondor'));
  if (mine.length > 0) throw new ConfigError(mine.join('\n'));
  const pools = data?.pools ?? [];
  const workQueue = pools.length === 0 || pools.some(({ source = 'workqueue' }) => source === 'workqueue');
  return { htcondor: data?.htcondor ?? [], workQueue };
}
