import { createRequire } from 'node:module';
import { defineKind, settingsOf } from '../../checks/kind.ts';
import { mergeSections, sectionSchema } from '../rules/load.ts';
import type { Rule } from '../rules/match.ts';
import { detailsSchema } from './details.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { compareOutputs } from './run.ts';
import { renderText } from './text.ts';

/** The file of the built-in rules. */
export function builtInHistogramRules(): string {
  return createRequire(import.meta.url).resolve('release-validation/validation/histograms/check/built-in.yaml');
}

const rulesKind = {
  id: 'histograms',
  schema: sectionSchema,
  builtIn: [builtInHistogramRules()],
  settings: (sections: Parameters<typeof mergeSections>[0]) => ({ rules: mergeSections(sections) }),
};

/** The built-in rules and those of `files`. @throws {InputError} with every mistake and its place */
export function histogramRulesOf(files: readonly string[]): readonly Rule[] {
  return settingsOf(rulesKind, files).rules;
}

/** Compares histograms in outputs of steps with those of good runs. */
export const histogramCheck = defineKind({
  ...rulesKind,
  run: compareOutputs,
  details: detailsSchema,
  render: { text: (details) => renderText(details), html: renderHtml, junit: renderJunit },
});
