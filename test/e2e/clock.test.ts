import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { eventsOf, Relval, until } from './relval.ts';

/** The variables by which libfaketime changes only the clock of the calendar, as when a machine's clock is set. */
const FAKE_CLOCK = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_RESET: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
};
const VARIABLES = [...Object.keys(FAKE_CLOCK), 'FAKETIME_TIMESTAMP_FILE'];

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

/** Starts a run whose first step waits, sets the clock while the step runs, and lets the step go on. */
async function runWhileClockIsSet(seconds: number, command: string) {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  const file = join(relval.dir, 'clock');
  const setClock = (text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  setClock('+0s');
  const gate = join(relval.dir, 'gate');
  const first = `until [ -e '${gate}' ]; do sleep 0.1; done; ${command}`;
  writeFileSync(
    join(relval.dir, 'workflow.yaml'),
    `name: clock
stages:
  - { name: first, command: "true", retries: 0, jdl: { EnvironmentCommand: ${JSON.stringify(first)} } }
  - { name: second, after: [first], command: "true" }
`,
  );
  Object.assign(process.env, FAKE_CLOCK, { FAKETIME_TIMESTAMP_FILE: file });
  const begun = performance.now();
  const run = relval.start('run', 'workflow.yaml', '--local', '--local-memory', '2500', '--no-check');
  for (const name of VARIABLES) delete process.env[name];
  const { directory } = await until('the step to run', 60, async () => {
    const [only] = JSON.parse((await relval.run('list', '--json')).stdout);
    return only && eventsOf(only.directory).some(({ type }) => type === 'step-running') ? only : undefined;
  });
  setClock(`${seconds < 0 ? '' : '+'}${seconds}s`);
  writeFileSync(gate, '');
  const ended = await run.ended;
  const longest = performance.now() - begun;
  const record = await relval.onlyRun();
  const times = eventsOf(directory).map(({ time }) => time);
  return { ...ended, longest, took: (record.ended ?? Number.NaN) - record.created, times };
}

it.each([-7200, -300, 300, 7200])(
  'a run passes when the clock is set by %i s, and its times are right',
  async (seconds) => {
    const { code, stderr, took, longest, times } = await runWhileClockIsSet(seconds, 'true');
    expect(stderr).not.toContain('-');
    expect(code).toBe(0);
    expect(took).toBeGreaterThan(0);
    expect(took).toBeLessThan(longest);
    expect(times.at(-1)).toBeLessThan((times[0] ?? 0) + longest);
    expect(times.at(-1)).toBe(Math.max(...times));
  },
);

it('a run whose steps wait in vain ends also when the clock is set back', async () => {
  const { code, took, longest } = await runWhileClockIsSet(-7200, 'exit 1');
  expect(code).toBe(3);
  expect(took).toBeGreaterThan(0);
  expect(took).toBeLessThan(longest);
});
