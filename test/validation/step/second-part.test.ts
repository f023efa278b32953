import { describe, expect, it, onTestFinished } from 'vitest';
import { runStep, Scratch, type StepRun, type StepRunOptions } from './sandbox.ts';

function run(payload: string, options: StepRunOptions = {}): Promise<StepRun> {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return runStep(scratch, payload, options);
}

describe('the second part of the step script', () => {
  it.each([
    ['empties', ': >../../relval-step.sh'],
    ['removes', 'rm ../../relval-step.sh'],
    ['writes other lines into', 'seq 3000 >../../relval-step.sh'],
  ])('is there when the payload %s the script', async (_, change) => {
    const { result, report, said } = await run(`${change}; echo std::bad_alloc; exit 4`);
    expect(result).toMatchObject({ phase: 'payload', exitStatus: 4, message: 'the payload ended with status 4' });
    expect(report).toBe('stdout.log:2:std::bad_alloc\n');
    expect(said).toBe('');
  });

  it.each([
    ['uses file descriptor 7', 'exec 7<payload.sh'],
    ['closes file descriptor 7', 'exec 7<&-'],
    ['sets posix', 'set -o posix'],
    ['sets nounset', 'set -u'],
    ['has functions of its own', 'mapfile() { return 1; }'],
  ])('is whole when the environment command %s and fails', async (_, change) => {
    const { status, result, stderr } = await run('', {
      stage: { environmentCommand: `${change}\necho why >&2; false` },
    });
    expect(status).toBe(66);
    expect(result.message).toBe('the environment could not be set up: why');
    expect(stderr).toBe('why\n');
  });

  it.each(['set -x', 'set -v'])('is not in stderr.log after %s in the environment command', async (command) => {
    const { status, stderr, report } = await run('', { stage: { environmentCommand: `${command}\nfalse` } });
    expect(status).toBe(66);
    expect(stderr).not.toContain('rv_explain_exit');
    expect(report).toBe('');
  });
});
