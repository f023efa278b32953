import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { builtInCriteria } from '../../../validation/checks/judge.ts';
import { buildReport } from '../../../validation/checks/report.ts';
import type { Report } from '../../../validation/report/model.ts';
import { reportJsonSchema, reportSchema } from '../../../validation/report/schema.ts';
import { crash, facts, HOSTILE, hostile, outcome, step } from './sample.ts';

describe('the schema of report.json', () => {
  it('is the published one (npx vitest run test/validation/report/schema.test.ts -u updates it)', async () => {
    const path = join(import.meta.dirname, '../../../docs/schema/report.json');
    await expect(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(path);
  });

  it('agrees with the model', () => {
    expectTypeOf<Required<z.infer<typeof reportSchema>>['totals']>().toEqualTypeOf<Report['totals']>();
    expectTypeOf<keyof z.infer<typeof reportSchema>>().toEqualTypeOf<keyof Report>();
    expectTypeOf<keyof z.infer<typeof reportSchema>['findings'][number]>().toEqualTypeOf<
      keyof Report['findings'][number]
    >();
    expectTypeOf<keyof z.infer<typeof reportSchema>['steps'][number]>().toEqualTypeOf<keyof Report['steps'][number]>();
  });

  it('accepts reports with every field, and hostile ones', () => {
    const before = buildReport(facts, { ...outcome, inLogs: [crash('sim0001', { message: 'gone' })] });
    const reference = { report: before, earlier: [before, before, before] };
    const others = outcome.steps.filter(({ id }) => id !== 'sim0004');
    const steps = [...others, step('sim0004', 'sim', 0, 100, { worker: 'w', peakMemory: 5 })];
    const report = buildReport(facts, { ...outcome, steps }, { ...builtInCriteria(0), reference });
    expect(report.fixed).toHaveLength(1);
    expect(report.changes?.length).toBeGreaterThan(0);
    for (const one of [before, report, ...Object.values(HOSTILE).map((text) => hostile(text))]) {
      const real = 'schema' in one ? one : buildReport(one.facts, one.outcome);
      // The report as it is read back from JSON.
      expect(() => reportSchema.parse(JSON.parse(JSON.stringify(real)))).not.toThrow();
    }
    expect(() => reportSchema.parse({ ...report, colour: 'red' })).toThrow();
  });
});
