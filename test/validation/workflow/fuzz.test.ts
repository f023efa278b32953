import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import tmp from 'tmp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../validation/input/input-error.ts';
import { planJson } from '../../../validation/workflow/json.ts';
import { type PlanOptions, planJdl, planWorkflow } from '../../../validation/workflow/planner.ts';

const fixture = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/jdl/${path}`, import.meta.url)), 'utf8');
const workflow = (name: string) =>
  readFileSync(createRequire(import.meta.url).resolve(`release-validation/makeflows/${name}/workflow.yaml`), 'utf8');

let directory: tmp.DirResult;
beforeAll(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  mkdirSync(join(directory.name, 'cwd'));
  writeFileSync(join(directory.name, 'cwd/input_files.txt'), fixture('reco/input_files.txt'));
});
afterAll(() => directory.removeCallback());

/** Places of a text that are changed, and what is put there in the place of how many characters. */
const changes = fc.array(
  fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 12 }),
    insert: fc.oneof(
      fc.constantFrom(
        '',
        '"',
        ';',
        '{',
        '}',
        '\\',
        '\n',
        '#',
        '=',
        ',',
        '#alien_counter_9z#',
        '_replace',
        '{{above x}}',
        '[',
        ': ',
        '- ',
        '&a',
        '*a',
        '!!js',
      ),
      fc.string({ maxLength: 6 }),
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

function changed(text: string, list: { place: number; remove: number; insert: string }[]): string {
  let result = text;
  for (const { place, remove, insert } of list) {
    const at = Math.floor(place * result.length);
    result = result.slice(0, at) + insert + result.slice(at + remove);
  }
  return result;
}

/** Either there is a plan that can be printed, or an error for the user; anything else fails the test. */
function planned(make: () => ReturnType<typeof planJdl>): void {
  try {
    JSON.stringify(planJson(make()).steps.slice(0, 50));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toBe('');
  }
}

describe('a broken input', () => {
  it.each(['mc/jetmc', 'reco/rawreco'])('made from the JDL %s is planned or refused', (name) => {
    const texts = [fixture(`${name}.jdl`), fixture(`${name}_override.jdl`)];
    const options: PlanOptions = {
      cwd: join(directory.name, 'cwd'),
      allowMissing: true,
      bins: { 'timeBins.log': ['1 2 3'] },
    };
    const file = join(directory.name, 'x.jdl');
    fc.assert(
      fc.property(changes, fc.boolean(), fc.boolean(), (list, override, lenient) => {
        writeFileSync(file, override ? (texts[0] as string) : changed(texts[0] as string, list));
        writeFileSync(
          join(directory.name, 'x_override.jdl'),
          override ? changed(texts[1] as string, list) : (texts[1] as string),
        );
        planned(() => planJdl(file, { ...options, lenient }));
      }),
      { numRuns: 150 },
    );
  });

  it.each(['mc', 'reco', 'examples/dice'])('made from the workflow %s is planned or refused', (name) => {
    const text = workflow(name);
    const file = join(directory.name, 'w.yaml');
    const jdl = join(directory.name, 'y.jdl');
    writeFileSync(
      jdl,
      fixture('reco/rawreco.jdl').replace('LF:/alice/data/2018/LHC18z/000290001/collection', 'input_files.txt'),
    );
    const options: PlanOptions = { cwd: join(directory.name, 'cwd'), allowMissing: true };
    fc.assert(
      fc.property(changes, (list) => {
        writeFileSync(file, changed(text, list));
        planned(() =>
          name.startsWith('examples') ? planWorkflow(file, options) : planJdl(jdl, { ...options, workflow: file }),
        );
      }),
      { numRuns: 100 },
    );
  });
});
