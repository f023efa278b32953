// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are a shell’s
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planWorkflow } from '../../../validation/workflow/planner.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function planned(stage: string): string {
  const path = join(directory.name, 'w.yaml');
  writeFileSync(path, `name: w\nstages:\n  - ${stage}\n`);
  try {
    planWorkflow(path);
  } catch (error) {
    return ((error as Error).message.split('\n')[0] as string).replace(`${directory.name}/`, '');
  }
  return 'no error';
}

describe('a mistake in a workflow that would be seen only where the step runs', () => {
  it.each([
    [
      '{ name: s, command: x, outputDir: "alien:///a" }',
      'w.yaml:3:39: stage s: the OutputDir alien:///a is neither a path nor a root:// address',
    ],
    [
      '{ name: s, command: x, outputDir: "http://h/a" }',
      'w.yaml:3:39: stage s: the OutputDir http://h/a is neither a path nor a root:// address',
    ],
    [
      '{ name: s, command: x, inputs: ["/a/b.rar,unpack"] }',
      'w.yaml:3:28: the input file b.rar cannot be unpacked: its name must end in .tar.gz, .tgz, .tar.bz2 or .zip',
    ],
    [
      '{ name: s, command: x, inputs: ["/a/stdout.log"] }',
      'w.yaml:3:28: an input file cannot have the name stdout.log, because every step has a file of that name',
    ],
    [
      '{ name: s, command: x, inputs: ["/a/.."] }',
      'w.yaml:3:28: an input file cannot have the name .., because every step has a file of that name',
    ],
    [
      '{ name: s, command: x, outputs: ["../a.zip:*"] }',
      "w.yaml:3:28: stage s: an archive cannot have the name '../a.zip'",
    ],
    [
      '{ name: s, command: x, outputs: ["/a/b.zip:*"] }',
      "w.yaml:3:28: stage s: an archive cannot have the name '/a/b.zip'",
    ],
    [
      '{ name: s, command: x, outputs: ["-a.zip:*"] }',
      "w.yaml:3:28: stage s: an archive cannot have the name '-a.zip'",
    ],
    [
      '{ name: s, executable: ls, arguments: "-l \'a" }',
      "w.yaml:3:43: the arguments of s: a quote is not closed; it begins at character 4 of: -l 'a",
    ],
    [
      '{ name: s, command: x, outputDir: "/a/$(b" }',
      "w.yaml:3:39: the OutputDir of s: '$(' has no ')'; it begins at character 4 of: /a/$(b",
    ],
    [
      '{ name: s, command: x, environment: { V: "${x" } }',
      "w.yaml:3:46: V of s: '${' has no '}'; it begins at character 1 of: ${x",
    ],
    [
      '{ name: s, command: "if true; then echo" }',
      'w.yaml:3:25: bash cannot read the command of s: line 2: syntax error: unexpected end of file',
    ],
    [
      '{ name: s, command: "done" }',
      "w.yaml:3:25: bash cannot read the command of s: line 1: syntax error near unexpected token `done'",
    ],
    [
      '{ name: s, command: x, jdl: { EnvironmentCommand: "if" } }',
      'w.yaml:3:55: bash cannot read EnvironmentCommand: line 2: syntax error: unexpected end of file',
    ],
  ])('is told with its position: %s', (stage, message) => {
    // versions of bash differ in what they say behind it
    expect(planned(stage).slice(0, message.length - 12)).toBe(message.slice(0, -12));
  });

  it.each([
    '{ name: s, command: x, outputDir: "root://h//a?b" }',
    '{ name: s, command: x, outputDir: "$WHERE/a" }',
    '{ name: s, command: x, outputDir: "a:b", outputs: ["d/a.zip:*.root", "..."] }',
    '{ name: s, command: x, inputs: ["/a/b:c.tgz,unpack", "/a/...", "root://h//a/b.zip?c,unpack"] }',
    '{ name: s, command: "exit 3; nonsense -x" }',
  ])('is none: %s', (stage) => {
    expect(planned(stage)).toBe('no error');
  });
});
