import { createRequire } from 'node:module';
import { defineKind } from '../../checks/kind.ts';
import { mergeSections, sectionSchema } from '../rules/load.ts';
import { detailsSchema } from './details.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { compareOutputs } from './run.ts';
import { renderText } from './text.ts';

/** The rules that come with it. */
export function builtInHistogramRules(): string {
  return createRequire(import.meta.url).resolve('release-validation/validation/histograms/check/built-in.yaml');
}

/** Histograms in outputs of steps, compared with those of good runs. */
export const histogramCheck = defineKind({
  id: 'histograms',
  schema: sectionSchema,
  builtIn: [builtInHistogramRules()],
  settings: (sections) => ({ rules: mergeSections(sections) }),
  run: compareOutputs,
  details: detailsSchema,
  render: { text: renderText, html: renderHtml, junit: renderJunit },
});
