import { z } from 'zod';
import { type Path, readYaml, type YamlFile } from '../input/yaml-file.ts';
import type { Finding, StepReport } from '../report/model.ts';
import type { PartCase, ReportPart } from '../report/parts.ts';
import type { StepOutcome } from './outcome.ts';
import type { Policy } from './policy.ts';

/** What a kind of check gets to look at: a run whose steps have ended, and good runs to compare it with. */
export interface Subject {
  run: string;
  steps: readonly StepOutcome[];
  /** The reference first, then good runs before it; none where there is no reference. */
  references: readonly GoodRun[];
  /**
   * Where checks found differences in the last of `references`, which was taken as good all the same: the good runs before
   * it, newest first.
   */
  before?: readonly GoodRun[];
  /** Paths and XRootD addresses of good outputs that the user gave, to compare with in the place of those of good runs. */
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
  /** Where in the file something of the section stands. */
  at: YamlFile<Data>['at'];
}

export interface CheckResult<Details> {
  /** They count in the verdict as those of logs do. Each is about a step of the run. */
  findings: Finding[];
  /** Differences of a good run that this run does not have. */
  fixed?: Finding[];
  /** Files that are written beside the report, by name. */
  files?: Readonly<Record<string, string>>;
  /** Goes into report.json under `checks`. */
  details: Details;
}

/**
 * A kind of check of a run as a whole, beside the search of its logs.
 * - `id`: key of its section in rule files, and of its details in report.json
 * - `schema`: its section in rule files
 * - `builtIn`: rule files that come with it, read first
 * - `settings`: the sections of all files as one; throws InputError for mistakes that the schema does not find
 * - `run`: undefined where it has nothing to say about the run
 * - `details`: the form of what it leaves in report.json, from which `render` makes its parts of the reports
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

/** A check that was given its settings. */
export type ReadyCheck = (subject: Subject) => Promise<CheckResult<unknown> | undefined>;

/** A kind of check as the list of kinds has it: whatever its settings and its details are. */
export interface CheckKind {
  id: string;
  /** @throws {InputError} with every mistake in its sections of the rule files */
  prepare(files: readonly string[]): ReadyCheck;
  part: ReportPart;
}

/** Makes a kind of check fit for the list of kinds. */
export function defineKind<Data, Settings, Details>(kind: Kind<Data, Settings, Details>): CheckKind {
  const { id, render } = kind;
  // A report may be of another release, whose details had another form.
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
        // As a later reader of report.json gets them: without infinite numbers.
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

/** What its own rule files and `files` say together. @throws {InputError} with every mistake and its place */
export function settingsOf<Data, Settings>(
  kind: Pick<Kind<Data, Settings, unknown>, 'id' | 'schema' | 'builtIn' | 'settings'>,
  files: readonly string[],
): Settings {
  return kind.settings([...(kind.builtIn ?? []), ...files].flatMap((file) => readSection(file, kind)));
}

/** Its section of a rule file, if it has one there. What else is in the file others read. */
function readSection<Data>(
  file: string,
  { id, schema }: Pick<Kind<Data, unknown, unknown>, 'id' | 'schema'>,
): Section<Data>[] {
  const { data, at } = readYaml(file, z.looseObject({ [id]: schema.optional() }), 'rules');
  const own = (data as Record<string, Data | undefined>)[id];
  if (own === undefined) return [];
  return [{ data: own, at: (path: Path, key?: boolean) => at([id, ...path], key) }];
}
