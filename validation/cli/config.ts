import { stringify } from 'yaml';
import { z } from 'zod';
import { type Effective, effectiveOptions } from '../config/layers.ts';
import { type SettingsFile, settingsSchema } from '../config/load.ts';
import { SECTIONS } from '../config/sections.ts';
import { defineCommand } from './command.ts';
import { settingsFile } from './options/settings.ts';
import { table } from './output/table.ts';

export const configCommand = defineCommand(
  (command) =>
    command.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }).option('schema', {
      type: 'boolean',
      default: false,
      describe: 'Print the JSON Schema of relval.yaml, for editors',
    }),
  (args) => {
    if (args.schema) {
      console.log(JSON.stringify(z.toJSONSchema(settingsSchema, { io: 'input' }), null, 2));
      return;
    }
    const file = settingsFile(args);
    const options = effectiveOptions(file, { env: process.env, flags: {} });
    console.log(args.json ? json(file, options) : text(file, options));
  },
);

function json(file: SettingsFile, options: readonly Effective[]): string {
  const sections = Object.keys(SECTIONS).map((name) => [name, file.settings[name as keyof typeof SECTIONS]]);
  const shown = {
    file: file.file ?? null,
    options: Object.fromEntries(options.map(({ name, value, from }) => [name, { value: value ?? null, from }])),
    ...Object.fromEntries(sections),
  };
  return JSON.stringify(shown, null, 2);
}

function text(file: SettingsFile, options: readonly Effective[]): string {
  const rows = options.map(({ name, value, from }) => [name, value === undefined ? '-' : String(value), from]);
  const sections = Object.keys(SECTIONS).map((name) => {
    const at = file.at([name]);
    const from = at ? `${file.file}:${at.line}:${at.column}` : 'default';
    return `${name}:  # ${from}\n${indent(stringify(file.settings[name as keyof typeof SECTIONS]))}`;
  });
  return `${file.file ?? 'no relval.yaml'}\n\n${table(rows)}\n\n${sections.join('\n')}`.trimEnd();
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
