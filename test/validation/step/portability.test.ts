// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stageFile } from '../../../validation/step/stage-file.ts';
import { stepScript } from '../../../validation/step/step-script.ts';
import { makeStage } from '../plans.ts';

const script = await stepScript();
/** Without comments, which may name what the code must not, and without the one line for bash 5 that has its own `else`. */
const code = script.replace(/(^|\s)#.*$/gm, '$1').replace(/^ *if \[\[ \$\{EPOCHREALTIME-\} \]\].*; else .*$/gm, '');
const stage = stageFile(
  makeStage('sim', { argumentsTemplate: '#alien_counter_05i# "$X" #alienfilename/a/b/#', environment: [['A', '$B']] }),
  ['a', 'b'],
  { alias: ({ name }) => name },
);

/** What SLC6 does not have: bash later than 4.1, coreutils later than 8.4, grep later than 2.6, findutils later than 4.4. */
const TOO_NEW: [what: string, pattern: RegExp][] = [
  ['bash 4.2: test -v', /\[\[? -v |test -v /],
  ['bash 4.2: negative subscripts', /\w\[-\d/],
  ['bash 4.2: negative lengths', /\$\{\w+:[^}]*:\s*-\d/],
  ['bash 4.2: declare -g', /declare -\w*g|typeset -\w*g/],
  ['bash 4.2: lastpipe', /lastpipe/],
  ['bash 4.2: printf of times', /printf[^\n]*%\([^)]*\)T/],
  ["bash 4.2: \\u in $'…'", /\$'[^']*\\u/],
  ['bash 4.3: name references', /(declare|local|typeset) -\w*n/],
  ['bash 4.3: wait -n', /wait -\w*n/],
  ['bash 4.4: transformations', /\$\{\w+@\w\}/],
  ['bash 4.4: local -', /local -(\s|$)/m],
  ['bash 4.4: readarray -d', /(readarray|mapfile)[^\n]* -d/],
  ['bash 5: time variables', /EPOCH(SECONDS|REALTIME)|SRANDOM/],
  ['bash 5.1: wait -p', /wait -\w*p/],
  ['bash 5.3: substitution in the same shell', /\$\{[ |]/],
  ['coreutils 8.5: timeout -k', /timeout[^\n]* (-k|--kill-after|--foreground|--preserve-status)/],
  ['coreutils 8.15: realpath', /\brealpath\b/],
  ['coreutils 8.16: ln -r, cp --no-clobber', /\bln -\w*r|\bcp -\w*n/],
  ['coreutils 8.22: cut, head, tail, comm, sort of NUL lines', /\b(cut|head|tail|comm) [^\n|]*(-z|--zero-terminated)/],
  ['coreutils 8.21: numfmt', /\bnumfmt\b/],
  ['coreutils 8.21: df --output', /df [^\n]*--output/],
  ['coreutils 8.24: sync FILE, dd status=progress', /status=progress|\bsync \S/],
  ['coreutils 8.22: date -I without =', /date -I/],
  ['coreutils 8.20: stat -c %m of --cached', /--cached/],
  ['grep 2.11: recursion without a file', /grep -\w*[rR]/],
  ['findutils 4.5: -files0-from, xargs -o', /-files0-from|xargs [^\n|]*-o/],
  ['not there when the clock is set: SECONDS', /\$\{?SECONDS\b|\(\(.*\bSECONDS\b/],
  ['not everywhere: hostname, awk, perl, python', /\b(hostname|awk|perl|python[23]?|jq|setsid|flock)\b/],
];

describe('the step script', () => {
  it('uses nothing that SLC6 does not have', () => {
    for (const [what, pattern] of TOO_NEW) {
      expect(code.match(pattern)?.[0], what).toBeUndefined();
      expect(stage.match(pattern)?.[0], `${what} in a stage file`).toBeUndefined();
    }
  });

  it('is found out when it would', () => {
    const samples: Record<string, string> = {
      'bash 4.3: wait -n': 'wait -n',
      'bash 4.2: declare -g': 'declare -gA x',
      'bash 4.4: transformations': 'echo ${x@Q}',
      'coreutils 8.5: timeout -k': 'timeout -s 9 -k 5 10 x',
    };
    for (const [what, text] of Object.entries(samples)) {
      expect(TOO_NEW.find(([name]) => name === what)?.[1].test(text), what).toBe(true);
    }
  });

  it('gives all of its global names the same beginning, so that no payload’s environment is disturbed', () => {
    const assigned = [...code.matchAll(/(?:^|[\s;&(])([A-Za-z_]\w*)\+?=/gm)].map(([, name]) => name as string);
    const allowed = /^(rv_|LANG|LC_|IFS$|XRD_)/; // the last in a subshell that becomes the client
    expect(assigned.filter((name) => !allowed.test(name))).toEqual([]);
    const functions = [...code.matchAll(/^(\w+)\(\)/gm)].map(([, name]) => name as string);
    expect(functions.filter((name) => !name.startsWith('rv_'))).toEqual([]);
  });

  it('calls what stands in its second part only behind rv_more, and bash does not parse that part before', () => {
    const [first = '', second = ''] = code.split(/^mapfile .* && rv_main "\$@" <\/dev\/null$/m);
    const functions = [...second.matchAll(/^(\w+)\(\) \{/gm)].map(([, name]) => name as string);
    expect(functions).toContain('rv_look_at');
    const calls = new RegExp(
      `(?:^|[;&|{(!] *|\\b(?:if|while|until|then|do|else) +)(${functions.join('|')})(?!\\w| *\\+?=)`,
    );
    const unread = first.split('\n').filter((line) => calls.test(line.trim().replace(/rv_more && .*?(?=;|$)/, '')));
    expect(unread).toEqual([]);
  });

  it('is read without complaint by bash, and so is a stage file', () => {
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(spawnSync('bash', ['-n'], { input: stage, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  it.skipIf(!hasShellcheck)('passes shellcheck', () => {
    expect(spawnSync('shellcheck', ['-'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  it('says how it is used when it is used otherwise', () => {
    for (const args of [[], ['a.stage', 'id'], ['a.stage', 'i d', '1'], ['a.stage', 'id', 'x']]) {
      const { status, stderr } = spawnSync('bash', ['-s', '--', ...args], { input: script, encoding: 'utf8' });
      expect(status).toBe(64);
      expect(stderr).toContain('Usage: relval-step.sh STAGE-FILE ID INDEX');
    }
  });
});
