import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formsOf } from '../../validation/step/mask-forms.ts';
import { eventsOf, Relval, runNames, until } from './relval.ts';

/** With characters that each encoding writes in its own way. */
const SECRET = `s3cr3t-tok"en x/'é`;

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
  process.env.PASS = SECRET;
});
afterEach(() => {
  delete process.env.PASS;
  relval.remove();
});

function workflow(stages: string): string {
  const file = join(relval.dir, 'w.yaml');
  writeFileSync(file, `name: w\nstages:\n${stages}`);
  return file;
}

function script(name: string, text: string): string {
  const path = join(relval.dir, name);
  writeFileSync(path, `#!/bin/bash\n${text}`);
  chmodSync(path, 0o755);
  return path;
}

const directory = (): Promise<string> =>
  until('a run directory', 20, () => {
    const [name] = runNames(relval.runs);
    const path = name && join(relval.runs, name);
    return path && existsSync(join(path, 'events.ndjson')) ? path : undefined;
  });

const read = (...path: string[]): string => {
  try {
    return readFileSync(join(...path), 'utf8');
  } catch {
    return '';
  }
};

/** Regular files below a directory; with `open`, only those that every user of the machine can read. */
function filesIn(directory: string, open: boolean): string[] {
  const isOpen = (path: string, bit: number): boolean => !open || (lstatSync(path).mode & bit) === bit;
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    try {
      if (entry.isDirectory()) return isOpen(path, 0o5) ? filesIn(path, open) : [];
      return entry.isFile() && isOpen(path, 0o4) ? [path] : [];
    } catch {
      return []; // it has gone meanwhile
    }
  });
}

/** What must not be seen: the secret in every form, the tokens of the steps, the key that they are made of. */
function unseen(run: string): Buffer[] {
  const tokens = [...read(run, 'work', 'Makeflow.0').matchAll(/^@RELVAL_TOKEN=(\S+)$/gm)].map(([, token]) => token);
  expect(tokens.length).toBeGreaterThan(2);
  const key = read(run, '.step-key').trim();
  return [...formsOf(SECRET), ...[...tokens, key].map((text) => Buffer.from(text as string))];
}

/** Files with one of these in them. */
function holders(files: readonly string[], needles: readonly Buffer[]): string[] {
  return files.filter((file) => {
    const bytes = Buffer.from(read(file), 'utf8');
    return needles.some((needle) => bytes.includes(needle));
  });
}

describe('of a run with secrets', () => {
  it('another user can read logs and reports, and neither a secret nor a token, while it runs and afterwards', async () => {
    chmodSync(relval.dir, 0o755);
    const gate = join(relval.dir, 'gate');
    const say = script(
      'say.sh',
      `declare -p PASS; printf '%q\\n' "$PASS"; printf 'x:%s' "$PASS" | base64 -w 0; (set -x; : "$PASS") >own.log 2>&1
echo ": error: $PASS" >&2; tr '\\0' '\\n' </proc/$PPID/environ
until [ -e ${gate} ]; do sleep 0.1; done\n`,
    );
    const file = workflow(`
  - { name: says, executable: ${say} }
  - { name: fails, command: 'echo never', retries: 1, jdl: { EnvironmentCommand: 'echo "no $PASS" >&2; false' } }
  - { name: crashes, command: 'kill -9 $PPID; sleep 5', retries: 1 }
`);
    const { ended } = relval.start('run', file, '--local', '--no-check', '--secret', 'PASS');
    const run = await directory();
    await until(
      'the log',
      20,
      () => read(run, 'steps', 'says', '1', 'stdout.log').includes('RELVAL_LOGS=') || undefined,
    );
    await until('the failure', 20, () => existsSync(join(run, 'steps', 'fails', '2', 'result.json')) || undefined);
    const needles = unseen(run);
    const look = (): string[] => {
      const open = filesIn(run, true);
      if (process.getuid?.() === 0) {
        const nobody = [
          '--reuid',
          '65534',
          '--regid',
          '65534',
          '--clear-groups',
          'find',
          run,
          '-type',
          'f',
          '-readable',
        ];
        const listed = execFileSync('sh', ['-c', 'setpriv "$@" 2>/dev/null || true', 'sh', ...nobody]).toString();
        expect(
          listed
            .trim()
            .split('\n')
            .filter(existsSync)
            .filter((path) => !open.includes(path)),
        ).toEqual([]);
      }
      expect(holders(open, needles)).toEqual([]);
      return open.map((path) => path.slice(run.length + 1));
    };
    expect(look()).toEqual(expect.arrayContaining(['run.json', 'events.ndjson', 'steps/says/1/stdout.log']));
    // What is for nobody else is where it is needed.
    expect(holders(filesIn(run, false), needles)).toContain(join(run, 'work', 'Makeflow.0'));
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(1);
    const left = look();
    expect(left).toEqual(
      expect.arrayContaining([
        'steps/says/1/logs/own.log',
        'steps/says/1/validation_report.txt',
        'steps/fails/2/result.json',
        'report/index.html',
        'says/validation_report.txt',
      ]),
    );
    expect(read(run, 'steps', 'says', '1', 'validation_report.txt')).toContain(
      `: error: ${'*'.repeat(SECRET.length + 1)}`,
    );
    // At the end the secret is in no file at all.
    expect(holders(filesIn(run, false), formsOf(SECRET))).toEqual([]);
    expect([lstatSync(join(run, 'work')).mode & 0o777, lstatSync(join(run, '.step-key')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
  });

  it('nothing secret is left when everything was killed and it is resumed', async () => {
    const gate = join(relval.dir, 'gate');
    const file = workflow(`
  - { name: keeps, command: 'export -p >all-of-it; echo "$PASS" >own.log; echo begun; until [ -e ${gate} ]; do sleep 0.1; done' }
`);
    const { child, ended } = relval.start('run', file, '--local', '--no-check', '--secret', 'PASS');
    const run = await directory();
    await until('the payload', 20, () => read(run, 'steps', 'keeps', '1', 'stdout.log').includes('begun') || undefined);
    child.kill('SIGKILL');
    for (const { pid } of relval.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
    await ended;
    expect(holders(filesIn(run, true), [Buffer.from(SECRET)])).toEqual([]);
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await relval.run('resume', 'last');
    expect(code, stdout + stderr).toBe(0);
    expect(holders(filesIn(run, false), formsOf(SECRET))).toEqual([]);
  });
});

/**
 * A payload that takes every token and address that it finds in the environment of its ancestors, and of all other
 * processes of its run, and uses each for every step: as another execution, and as the one that runs.
 */
const THIEF = `
victim=$1 execution=$2 run=$3
mapfile -t found < <(grep -l -a -F "$run" /proc/[0-9]*/environ 2>/dev/null | xargs cat 2>/dev/null | tr '\\0' '\\n' |
  grep -a '^RELVAL_\\(LOGS\\|TOKEN\\)=' | sort -u)
for one in "\${found[@]}"; do case $one in RELVAL_LOGS=*) addresses+=("\${one#*=}") ;; *) tokens+=("\${one#*=}") ;; esac; done
for address in "\${addresses[@]}"; do
  for token in "\${tokens[@]}"; do
    for step in "$victim" thief last; do
      for id in "$execution" "$step-1700000000000-1-host"; do
        for what in admit stdout stderr 'end 0 0'; do
          for say in "relval-log-2 $token $step $id $(printf '%032d' 7) host 1 $what" "relval-log-1 $token $step $id host 1 $what"; do
            exec 5<>"/dev/tcp/\${address%:*}/\${address##*:}" || continue
            printf '%s\\nFORGED\\n' "$say" >&5
            IFS= read -r -t 0.2 answer <&5 && echo "$what of $step: $answer"
            exec 5>&-
          done
        done
      done
    done
  done
done 2>/dev/null
echo "tried \${#tokens[@]} tokens at \${#addresses[@]} addresses"
`;

it('a payload that steals tokens can neither write logs of other steps nor end their attempts', async () => {
  const thief = script('thief.sh', THIEF);
  const [gate, stolen] = [join(relval.dir, 'gate'), join(relval.dir, 'stolen')];
  const file = workflow(`
  - { name: victim, command: 'echo begun; until [ -e ${gate} ]; do sleep 0.1; done; echo done' }
  - name: thief
    command: 'until [ -e ${stolen} ]; do sleep 0.1; done; ${thief} victim "$(cat ${stolen})" ${relval.runs}'
  - { name: last, after: [victim, thief], command: 'echo last' }
`);
  const { ended } = relval.start('run', file, '--local', '--no-check', '--local-cpus', '2');
  const run = await directory();
  const connected = await until('both steps', 20, () => {
    const both = eventsOf(run).flatMap((event) => (event.type === 'step-connected' ? [event] : []));
    return both.length === 2 ? both : undefined;
  });
  await until('the victim', 20, () => read(run, 'steps', 'victim', '1', 'stdout.log').includes('begun') || undefined);
  writeFileSync(stolen, connected.find(({ step }) => step === 'victim')?.execution ?? '');
  const isOver = () => eventsOf(run).some((event) => event.type === 'step-ended' && event.step === 'thief');
  await until('the thief', 60, () => isOver() || undefined);
  const said = read(run, 'steps', 'thief', '1', 'stdout.log');
  expect(said).toMatch(/tried [2-9]\d* tokens at [1-9]\d* addresses/);
  expect(said).not.toMatch(/of (victim|thief|last): (go|have|ended)/);
  expect(read(run, 'steps', 'victim', '1', 'stdout.log')).toContain('begun\n');
  writeFileSync(gate, '');
  const { code, stdout, stderr } = await ended;
  expect(code, stdout + stderr).toBe(0);
  const begun = eventsOf(run).flatMap((event) =>
    event.type === 'step-running' ? [`${event.step} ${event.attempt}`] : [],
  );
  expect(begun.sort()).toEqual(['last 1', 'thief 1', 'victim 1']);
  expect(read(run, 'steps', 'victim', '1', 'stdout.log')).toMatch(/begun\ndone\n$/);
  const logs = filesIn(join(run, 'steps'), false).filter((path) => !path.includes('/thief/'));
  expect(logs.length).toBeGreaterThan(4);
  expect(holders(logs, [Buffer.from('FORGED')])).toEqual([]);
});

it('a run of before, whose steps share one token, is resumed with its live logs', async () => {
  const gate = join(relval.dir, 'gate');
  const file = workflow(`  - { name: one, command: 'echo begun; until [ -e ${gate} ]; do sleep 0.1; done' }\n`);
  const first = relval.start('run', file, '--local', '--no-check');
  const run = await directory();
  await until('the step', 20, () => read(run, 'steps', 'one', '1', 'stdout.log').includes('begun') || undefined);
  first.child.kill('SIGTERM');
  await first.ended;
  const makeflow = join(run, 'work', 'Makeflow.0');
  writeFileSync(makeflow, read(makeflow).replace(/^(@|export )RELVAL_TOKEN.*\n/gm, ''));
  chmodSync(join(run, 'work'), 0o755);
  const again = relval.start('resume', 'last');
  await until('the step again', 20, () => read(run, 'steps', 'one', '2', 'stdout.log').includes('begun') || undefined);
  expect(lstatSync(join(run, 'work')).mode & 0o777).toBe(0o700);
  writeFileSync(gate, '');
  const { code, stdout, stderr } = await again.ended;
  expect(code, stdout + stderr).toBe(0);
});
