import { countOf, itemsOf, positionOf, textOf, type Values } from '../jdl/keys.ts';
import { megabytes, seconds } from '../units/parse.ts';
import { fail } from './errors.ts';
import type { Resources } from './plan.ts';
import type { StageData } from './schema.ts';

type ResourceData = NonNullable<StageData['resources']>;

/** Defaults where neither the workflow nor the JDL has a value, MB. */
const DEFAULT_MEMORY = 1000;
const DEFAULT_DISK = 1000;

/**
 * The resources of a step: the stage's values, else the workflow's defaults. `jdl` means the JDL's
 * CPUCores, MemorySize or WorkDirectorySize. The time limit is the JDL's TTL if `limited` (the stage exports it).
 * @throws {WorkflowError} for a TTL that is not a time
 */
export function resourcesOf(
  stage: ResourceData | undefined,
  defaults: ResourceData | undefined,
  values: Values,
  limited: boolean,
  warnings: string[],
): Resources {
  const size = (name: 'memory' | 'disk', key: string, fallback: number): number => {
    const wanted = [stage?.[name], defaults?.[name], fallback];
    const said = wanted.find((value) => value !== undefined && (value !== 'jdl' || sizeInJdl(values, key, warnings)));
    return said === 'jdl' ? (sizeInJdl(values, key, warnings) as number) : (megabytes(String(said)) ?? fallback);
  };
  const resources: Resources = {
    cores: coresOf([stage?.cores, defaults?.cores], values, warnings),
    memory: size('memory', 'MemorySize', DEFAULT_MEMORY),
    disk: size('disk', 'WorkDirectorySize', DEFAULT_DISK),
  };
  const gpus = stage?.gpus ?? defaults?.gpus ?? 0;
  if (gpus > 0) resources.gpus = gpus;
  const said = stage?.wallTime ?? defaults?.wallTime;
  const wallTime = said === undefined ? (limited ? timeToLive(values) : undefined) : seconds(String(said));
  return wallTime === undefined ? resources : { ...resources, wallTime };
}

function coresOf(wanted: readonly ResourceData['cores'][], values: Values, warnings: string[]): number {
  for (const cores of wanted) {
    if (typeof cores === 'number') return cores;
    const inJdl = cores === 'jdl' ? countOf(values, 'CPUCores') : undefined;
    if (inJdl !== undefined) return inJdl;
    const [item] = cores === 'jdl' ? itemsOf(values, 'CPUCores') : [];
    if (item) warnOnce(`CPUCores: "${item.text}" is not a whole number from 1, so the default is used`, warnings);
  }
  return 1;
}

/** AliEn's services and its web pages write these two keys in different letters. */
const OTHER_LETTERS: Record<string, string> = { MemorySize: 'Memorysize', WorkDirectorySize: 'Workdirectorysize' };

function sizeInJdl(values: Values, key: string, warnings: string[]): number | undefined {
  const [item] = [...itemsOf(values, key), ...itemsOf(values, OTHER_LETTERS[key] as string)];
  if (!item) return undefined;
  const size = megabytes(item.text);
  if (size === undefined)
    warnOnce(`${key}: "${item.text}" is not a size such as 8GB or 512MB, so the default is used`, warnings);
  return size;
}

function warnOnce(warning: string, warnings: string[]): void {
  if (!warnings.includes(warning)) warnings.push(warning);
}

function timeToLive(values: Values): number | undefined {
  const text = textOf(values, 'TTL') ?? '';
  if (text === '') return undefined;
  return seconds(text) ?? fail(`TTL: "${text}" is not a number of seconds`, positionOf(values, 'TTL'));
}
