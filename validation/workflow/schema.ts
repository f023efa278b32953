import { z } from 'zod';
import { megabytes, seconds } from '../units/parse.ts';

/** MB as a number, or with a unit. `jdl`: the value in the JDL (CPUCores, MemorySize, WorkDirectorySize). */
const SIZE = 'expected a size such as 512MB or 8GB, or jdl';
const size = z.union(
  [z.number().int().positive(), z.literal('jdl'), z.string().refine((text) => megabytes(text) !== undefined, SIZE)],
  SIZE,
);

const DURATION = 'expected seconds, or a time such as 90m or 20h';
const duration = z.union(
  [z.number().int().positive(), z.string().refine((text) => seconds(text) !== undefined, DURATION)],
  DURATION,
);

const resources = z.strictObject({
  cores: z.union([z.number().int().positive(), z.literal('jdl')], 'expected a whole number, or jdl').optional(),
  memory: size.optional(),
  disk: size.optional(),
  gpus: z.number().int().nonnegative().optional(),
  /** Seconds. Default: the JDL's TTL, if the JDL exports it. */
  wallTime: duration.optional(),
});

/** Keys of a stage, and of `defaults` for all stages. */
const common = {
  retries: z.number().int().nonnegative().optional(),
  onFailure: z.enum(['continue', 'stop']).optional(),
  image: z.string().min(1).optional(),
  resources: resources.optional(),
};

const text = z.union([z.string(), z.number(), z.boolean()], 'expected a text').transform(String);

/** A value that differs between zipped outputs and `loose` ones (DontArchive, SaveAll). */
function choice<T extends z.ZodType>(value: T) {
  return z.union(
    [value, z.strictObject({ archived: value, loose: value })],
    'expected a value, or one for archived and one for loose outputs',
  );
}

const variableName = z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of an environment variable');
const fileName = z.string().regex(/^[^/]+$/, 'expected a file name without a path');
const stageName = z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/, 'expected a name of letters and digits');

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const pattern = z.string().refine(isPattern, 'expected a regular expression');

const each = z.union(
  [
    z.literal('job'),
    z.strictObject({
      jobs: z.string('expected FIRST-LAST, such as 1-10').regex(/^\d+-\d+$/, 'expected FIRST-LAST, such as 1-10'),
    }),
    z.strictObject({ files: z.string().min(1), limit: z.number().int().positive().optional() }),
    z.strictObject({
      lines: fileName,
      of: stageName,
      matching: pattern.optional(),
      malformed: pattern.optional(),
    }),
  ],
  'expected job, { jobs: FIRST-LAST }, { files: LIST } or { lines: FILE, of: STAGE }',
);

const input = z.union(
  [
    z.string().min(1),
    z.strictObject({
      collection: fileName.regex(/\.(xml|txt)$/, 'expected a name that ends in .xml or .txt'),
      of: stageName,
      file: z.string().min(1).optional(),
      when: z.enum(['archived', 'loose']).optional(),
    }),
    z.strictObject({ made: fileName, of: stageName }),
    z.strictObject({ optional: fileName }),
    z.strictObject({ reports: fileName }),
  ],
  'expected a file name, or a map with made, optional, collection or reports',
);

const jdlValue = z.union([text, z.array(text)], 'expected a text, or a list of texts');

const stage = z
  .strictObject({
    name: stageName,
    description: z.string().optional(),
    after: z.union([z.literal('all'), z.array(stageName)], 'expected a list of stages, or all').default([]),
    each: each.optional(),
    executable: z.string().min(1).optional(),
    arguments: choice(text).optional(),
    command: z.string().min(1).optional(),
    jdl: z.record(z.string(), jdlValue).optional(),
    export: z.array(variableName).optional(),
    environment: z.record(variableName, text).optional(),
    inputs: z.array(input).optional(),
    outputs: z.array(z.string().min(1)).optional(),
    outputDir: z
      .union([z.string().min(1), z.strictObject({ of: stageName, replace: z.string().min(1), with: z.string() })])
      .optional(),
    expects: choice(z.array(z.string().min(1))).optional(),
    ...common,
  })
  .refine((value) => !(value.command && (value.executable || value.arguments !== undefined)), {
    message: 'a stage has either a command, or an executable and arguments',
    path: ['command'],
  });

/** The schema of a workflow file. `docs/workflows.md` describes each key. */
export const workflowSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "expected a name of letters, digits, '.', '_' and '-'"),
  description: z.string().optional(),
  scripts: z.array(z.string().min(1)).optional(),
  jdl: z.record(z.string(), jdlValue).optional(),
  defaults: z.strictObject(common).optional(),
  stages: z.array(stage).min(1),
});

export type WorkflowData = z.output<typeof workflowSchema>;
export type StageData = WorkflowData['stages'][number];
export type EachData = NonNullable<StageData['each']>;
export type InputData = NonNullable<StageData['inputs']>[number];
export type JdlData = NonNullable<StageData['jdl']>;
