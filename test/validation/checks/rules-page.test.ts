import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  builtInRulesFile,
  type LogRule,
  parseRules,
  RULE_FILES,
  type StepRule,
} from '../../../validation/checks/rules.ts';

const PAGE = join(import.meta.dirname, '../../../docs/checks.md');

/** The heading comment of a rule file: it names the software. */
function headingOf(text: string): string {
  const comment = /^(?:#.*\n)+/.exec(text)?.[0] ?? '';
  return comment
    .replace(/^# ?/gm, '')
    .replaceAll('\n', ' ')
    .replace(/ rules\.ts explains each key\./, '')
    .trim();
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function code(text: string): string {
  return `<code>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '&#124;').replaceAll('`', '&#96;')}</code>`;
}

function row(rule: LogRule | StepRule): string {
  const what = 'contains' in rule ? (rule.examples?.[0] ?? '').trim() : `check: ${rule.check}`;
  return `| \`${rule.id}\` | ${rule.severity} | ${code(what)} | ${cell(rule.means ?? '')} | ${cell(rule.meansNot ?? '')} |`;
}

function tables(): string {
  return RULE_FILES.map((name) => {
    const file = builtInRulesFile(name);
    const text = readFileSync(file, 'utf8');
    const { logs, steps } = parseRules(file, text);
    const head =
      '| rule | severity | for example | what it means | what it does not say |\n| --- | --- | --- | --- | --- |';
    return `**${name}.yaml** — ${headingOf(text)}\n\n${head}\n${[...logs, ...steps].map(row).join('\n')}\n`;
  }).join('\n');
}

describe('docs/checks.md', () => {
  it('lists every built-in rule with its meaning (-u updates the page)', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const parts = /^([\s\S]*<!-- rules -->\n)[\s\S]*(<!-- \/rules -->\n)$/.exec(page);
    expect(parts).not.toBeNull();
    await expect(`${parts?.[1]}${tables()}${parts?.[2]}`).toMatchFileSnapshot(PAGE);
  });

  it('leaves no rule without a meaning', () => {
    for (const name of RULE_FILES) {
      const file = builtInRulesFile(name);
      const { logs, steps } = parseRules(file, readFileSync(file, 'utf8'));
      for (const { id, means, meansNot } of [...logs, ...steps]) expect([id, means, meansNot]).not.toContain(undefined);
    }
  });
});
