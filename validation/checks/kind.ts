import { z } from 'zod';
import { type Path, readYaml, type YamlFile } from '../input/yaml-file.ts';
import type { Finding, StepReport } from '../report/model.ts';
import type { PartCase, ReportPart } from '../report/parts.ts';
import type { StepOutcome } from './outcome.ts';
import type { Policy } from './policy.ts';

/** The input of a kind of check: a run whose steps have ended, and good runs to compare it with. */
export interface Subject {
  run: string;
  steps: readonly StepOutcome[];
  /** The reference first, then earlier good runs. Empty if there is no reference. */
  references: readonly GoodRun[];
  /**
   * Set if a check found differences in the last run of `references`, which was accepted nevertheless: the good runs before
   * it, newest first.
   */
  before?: readonly GoodRun[];
  /** Paths and XRootD addresses of reference outputs that the user gave. They replace the outputs of good runs. */
  referenceFiles?: readonly string[];
  policy: Policy;
  /** ms since 1970: which exceptions have expired. */
  now: number;
}

/** A run that outputs are compared with. */
export interface GoodRun {
  run: string;
  steps: readonly Pick<StepReport, 'id' | 'outputs' | 'outputDir'>[];
  findings?: readonly Finding[];
}

/** The section of a kind of check in one rule file. */
export interface Section<Data> {
  data: Data;
  /** The position in the file of an entry of the section. */
  at: YamlFile<Data>['at'];
}

export interface CheckResult<Details> {
  /** They count in the verdict like findings in logs. Each is about a step of the run. */
  findings: Finding[];
  /** Differences that a good run had and this run does not have. */
  fixed?: Finding[];
  /** Files that are written beside the report, by name. */
  files?: Readonly<Record<string, string>>;
  /** Stored in report.json under `checks`. */
  details: Details;
}

/**
 * A kind of check that examines a whole run, in addition to the search of its logs.
 * - `id`: the key of its section in rule files, and of its details in report.json
 * - `schema`: the schema of its section in rule files
 * - `builtIn`: its built-in rule files, which are read first
 * - `settings`: merges the sections of all files; throws InputError for mistakes that the schema does not find
 * - `run`: checks a run; undefined if the check does not apply to it
 * - `details`: the schema of its details in report.json. `render` makes its parts of the reports from them
 */
export interface Kind<Data, Settings, Details> {
  id: string;
  schema: z.ZodType<Data>;
  builtIn?: readonly string[];
  settings(sections: readonly Section<Data>[]): Settings;
  run(subject: Subject, settings: Settings): Promise<CheckResult<Details> | undefined>;
  details: z.ZodType<Details>;
  render: {
    text(details: Details): string[];
    html(details: Details): string;
    junit(details: Details): PartCase[];
  };
}

/** A check with its settings. */
export type ReadyCheck = (subject: Subject) => Promise<CheckResult<unknown> | undefined>;

/** A kind of check in the list of kinds, which does not know the types of settings and details. */
export interface CheckKind {
  id: string;
  /** @throws {InputError} with every mistake in its sections of the rule files */
  prepare(files: readonly string[]): ReadyCheck;
  part: ReportPart;
}

/** Makes an entry for the list of kinds. */
export function defineKind<Data, Settings, Details>(kind: Kind<Data, Settings, Details>): CheckKind {
  const { id, render } = kind;
  // A report may come from another release of relval, with another form of details.
  const parsed = <T>(details: unknown, make: (own: Details) => T, otherwise: T): T => {
    const own = kind.details.safeParse(details);
    return own.success ? make(own.data) : otherwise;
  };
  const unknown = `${id}: another release of relval made these results; report.json has them`;
  return {
    id,
    prepare(files) {
      const settings = settingsOf(kind, files);
      return async (subject) => {
        const result = await kind.run(subject, settings);
        // The details become what report.json can hold: JSON has no infinite numbers.
        return result && { ...result, details: JSON.parse(JSON.stringify(result.details)) as unknown };
      };
    },
    part: {
      id,
      text: (details) => parsed(details, render.text, [unknown]),
      html: (details) => parsed(details, render.html, `<section><p>${unknown}</p></section>`),
      junit: (details) => parsed(details, render.junit, []),
    },
  };
}

/** The settings from the built-in rule files and `files`. @throws {InputError} with every mistake and its place */
export function settingsOf<Data, Settings>(
  kind: Pick<Kind<Data, Settings, unknown>, 'id' | 'schema' | 'builtIn' | 'settings'>,
  files: readonly string[],
): Settings {
  return kind.settings([...(kind.builtIn ?? []), ...files].flatMap((file) => readSection(file, kind)));
}

/** Reads the section of a kind from a rule file, if the file has it. Other code reads the rest of the file. */
function readSection<Data>(
  file: string,
  { id, schema }: Pick<Kind<Data, unknown, unknown>, 'id' | 'schema'>,
): Section<Data>[] {
  const { data, at } = readYaml(file, z.looseObject({ [id]: schema.optional() }), 'rules');
  const own = (data as Record<string, Data | undefined>)[id];
  if (own === undefined) return [];
  return [{ data: own, at: (path: Path, key?: boolean) => at([id, ...path], key) }];
}
