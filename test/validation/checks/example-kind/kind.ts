import { z } from 'zod';
import { defineKind } from '../../../../validation/checks/kind.ts';
import { markup, printable } from '../../../../validation/report/printable.ts';

const details = z.object({ most: z.number(), larger: z.array(z.string()) });

/** A kind of check for tests: it limits the size of outputs. */
export const sizeCheck = defineKind({
  id: 'outputSizes',
  schema: z.strictObject({ most: z.int() }),
  settings: (sections) => sections.at(-1)?.data.most,
  async run({ steps }, most) {
    if (most === undefined) return undefined;
    const larger = steps.flatMap((step) =>
      step.outputs.filter(({ size }) => size > most).map(({ name }) => ({ step, name })),
    );
    return {
      findings: larger.map(({ step: { id, stage, attempts }, name }) => ({
        ...{ step: id, stage, attempt: attempts, severity: 'error' as const, rule: 'output-size' },
        message: `${name} is larger than ${most} bytes`,
      })),
      details: { most, larger: larger.map(({ name }) => name) },
    };
  },
  details,
  render: {
    text: ({ larger }) => [`Large outputs: ${larger.length}`, ...larger.map((name) => `  ${printable(name)}`)],
    html: ({ larger }) => `<section><h2>Large outputs</h2>${larger.map(markup).join(', ')}</section>`,
    junit: ({ larger }) => larger.map((name) => ({ group: 'sizes', name, kind: 'failure', message: 'too large' })),
  },
});
