import type { Flag, Schema } from '../validation/cli/options/schema.ts';

export interface ManualCommand extends Schema {
  /** For example `logs <run> [step]`; empty: what the program does without a command. */
  usage: string;
  describe: string;
}

export interface Manual {
  program: string;
  version: string;
  /** What it is, in half a line. */
  name: string;
  summary: string;
  commands: ManualCommand[];
  /** Options of all commands. */
  flags: Flag[];
  /** Headings and their paragraphs, after the options. */
  sections: Record<string, string[]>;
  seeAlso: string[];
}

/** A manual page in the language of man(7). */
export function manualPage(manual: Manual): string {
  const { program, version, commands } = manual;
  const named = commands.filter(({ usage }) => usage !== '');
  return [
    `.TH ${program.toUpperCase()} 1 "" "release-validation ${version}" "User Commands"`,
    '.SH NAME',
    `${roff(program)} \\- ${roff(manual.name)}`,
    '.SH SYNOPSIS',
    ...commands.flatMap(({ usage }) => [`.B ${roff(program)}`, `${roff(usage)} [OPTIONS]`.trim(), '.br']).slice(0, -1),
    '.SH DESCRIPTION',
    roff(manual.summary),
    ...commands.filter(({ usage }) => usage === '').flatMap((command) => ['.SH OPTIONS', ...details(command)]),
    ...(named.length > 0 ? ['.SH COMMANDS'] : []),
    ...named.flatMap((command) => [`.SS ${roff(command.usage)}`, roff(command.describe), ...details(command)]),
    ...(manual.flags.length > 0 ? ['.SH OPTIONS OF ALL COMMANDS', ...manual.flags.flatMap(flagLines)] : []),
    ...Object.entries(manual.sections).flatMap(([heading, paragraphs]) => [
      `.SH ${roff(heading)}`,
      ...paragraphs.flatMap((text) => ['.PP', roff(text)]),
    ]),
    '.SH SEE ALSO',
    manual.seeAlso.map((name) => `.BR ${roff(name)} (1)`).join(',\n'),
    '',
  ].join('\n');
}

function details({ positionals, flags }: Schema): string[] {
  return [
    ...positionals.flatMap(({ name, describe, choices }) => [
      '.TP',
      `.I ${roff(name.toUpperCase())}`,
      roff(sentence(describe, choices, undefined)),
    ]),
    ...flags.flatMap(flagLines),
  ];
}

function flagLines({ names, takesValue, describe, choices, default: value, on }: Flag): string[] {
  const value_ = takesValue ? ' \\fIVALUE\\fR' : '';
  const shown = names.map((name) => `\\fB${roff(on ? name.replace('--', '--no-') : name)}\\fR`).join(', ');
  return ['.TP', `${shown}${value_}`, roff(sentence(on ? `Not: ${describe}` : describe, choices, value))];
}

function sentence(describe: string, choices: readonly string[], value: string | undefined): string {
  const one = choices.length > 0 ? ` One of: ${choices.join(', ')}.` : '';
  return `${describe.replace(/[.]?$/, '.')}${one}${value === undefined ? '' : ` Default: ${value}.`}`;
}

/** Text in which nothing is a command of the language: neither a backslash, nor a dot or quote at the start of a line. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1')
    .replaceAll('\n', '\n.br\n');
}
