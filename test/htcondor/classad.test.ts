import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CASES, JOB, SLOT } from '../framework/htcondor/classad-cases.ts';
import { openDir } from './framework.ts';

/** As our tests have it: `type` or `type value`. */
function typed(printed: string): string {
  if (printed === 'undefined' || printed === 'error') return printed;
  if (/^".*"$/.test(printed)) return `string ${printed}`;
  if (/^(true|false)$/.test(printed)) return `boolean ${printed}`;
  return /^-?\d+$/.test(printed) ? `integer ${printed}` : `real ${Number(printed)}`;
}

describe('ClassAd expressions', () => {
  it('have the values that HTCondor itself has for them', () => {
    const file = (name: string, ad: object): string => {
      const path = join(openDir(), name);
      writeFileSync(
        path,
        `[ ${Object.entries(ad)
          .map(([key, text]) => `${key} = ${text};`)
          .join(' ')} ]`,
      );
      return path;
    };
    const { Loop: _, Loop2: __, ...job } = JOB;
    const files = ['-my-file', file('job', job), '-target-file', file('slot', SLOT)];
    const texts = CASES.map(([text]) => text);
    const said = execFileSync('classad_eval', [...files, '-quiet', ...texts], { encoding: 'utf8' });
    const values = said.trimEnd().split('\n').slice(-texts.length).map(typed);
    expect(texts.map((text, index) => [text, values[index]])).toEqual(CASES.map((one) => [...one]));
  });
});
