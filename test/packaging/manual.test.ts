import { describe, expect, it } from 'vitest';
import { manualPage, roff } from '../../packaging/manual.ts';
import { schemaOf } from '../../validation/cli/options/schema.ts';

const { flags, positionals } = schemaOf((command) =>
  command
    .positional('run', { type: 'string', describe: 'A run' })
    .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on' })
    .option('check', { type: 'boolean', default: true, describe: 'Pre-flight checks' })
    .option('to', { choices: ['cron', 'systemd'] as const, default: 'cron', describe: 'Scheduler' })
    .option('secret', { type: 'string', hidden: true }),
);

describe('what a command declares', () => {
  it('is read from yargs', () => {
    expect(positionals).toEqual([{ name: 'run', describe: 'A run', choices: [] }]);
    expect(flags.map(({ names }) => names)).toEqual([['--follow', '-f'], ['--check'], ['--to']]);
    expect(flags[1]).toMatchObject({ on: true, takesValue: false, default: undefined });
    expect(flags[2]).toMatchObject({ takesValue: true, choices: ['cron', 'systemd'], default: 'cron' });
  });
});

describe('a manual page', () => {
  it('has every command, argument and option', () => {
    const page = manualPage({
      program: 'relval',
      version: '1.2.3',
      name: 'run things',
      summary: '.hidden? A line that begins like a command of the language\\n',
      commands: [{ usage: 'logs <run>', describe: 'The log', flags, positionals }],
      flags: [],
      sections: { NOTES: ['one', 'two'] },
      seeAlso: ['makeflow'],
    });
    expect(page).toContain('.TH RELVAL 1 "" "release-validation 1.2.3"');
    expect(page).toContain('.SS logs <run>\nThe log\n.TP\n.I RUN\nA run.\n');
    expect(page).toContain('.TP\n\\fB\\-\\-follow\\fR, \\fB\\-f\\fR\nGo on.\n');
    expect(page).toContain('\\fB\\-\\-no\\-check\\fR\nNot: Pre\\-flight checks.');
    expect(page).toContain('\\fB\\-\\-to\\fR \\fIVALUE\\fR\nScheduler. One of: cron, systemd. Default: cron.');
    expect(page).toContain('\n\\&.hidden?');
    expect(page).not.toContain('secret');
  });

  it('has no text that is read as a command', () => {
    expect(roff("a\\b -x\n.so /etc/passwd\n'quote")).toBe("a\\eb \\-x\n.br\n\\&.so /etc/passwd\n.br\n\\&'quote");
  });
});
