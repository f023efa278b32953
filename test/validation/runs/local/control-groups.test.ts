import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { groupLimits } from '../../../../validation/runs/local/control-groups.ts';

let scratch: tmp.DirResult;
beforeEach(() => {
  scratch = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => scratch.removeCallback());

/** A mount of control groups with these files. */
function mount(files: Record<string, string | number>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch.name, path)), { recursive: true });
    writeFileSync(join(scratch.name, path), `${text}\n`);
  }
  return scratch.name;
}

it('reads the limits of version 2', () => {
  const at = mount({
    'ci/job/cpu.max': '150000 100000',
    'ci/job/memory.max': 2 ** 30,
    'ci/job/pids.max': 100,
    'ci/job/pids.current': 40,
  });
  expect(groupLimits('0::/ci/job\n', at)).toEqual({ cpus: 1.5, memory: 2 ** 30, processes: 60 });
});

it('reads the limits of version 1, of each controller in its own place', () => {
  const at = mount({
    'cpu,cpuacct/a/cpu.cfs_quota_us': 200_000,
    'cpu,cpuacct/a/cpu.cfs_period_us': 100_000,
    'memory/b/memory.limit_in_bytes': 2 ** 31,
    'pids/c/pids.max': 64,
    'pids/c/pids.current': 64,
  });
  const membership = '5:pids:/c\n4:memory:/b\n2:cpu,cpuacct:/a\n1:name=systemd:/\n0::/\n';
  expect(groupLimits(membership, at)).toEqual({ cpus: 2, memory: 2 ** 31, processes: 0 });
});

it('takes the least of a group and those above it', () => {
  const at = mount({ 'memory.max': 'max', 'user/memory.max': 2 ** 29, 'user/one/memory.max': 2 ** 30 });
  expect(groupLimits('0::/user/one\n', at)).toEqual({ memory: 2 ** 29 });
});

it('finds those of a container, whose own group is the uppermost that it sees', () => {
  const at = mount({ 'memory/memory.limit_in_bytes': 2 ** 29 });
  expect(groupLimits('4:memory:/docker/0123456789ab\n', at)).toEqual({ memory: 2 ** 29 });
});

it('knows the values that mean no limit', () => {
  const at = mount({
    'cpu.max': 'max 100000',
    'memory.max': 'max',
    'pids.max': 'max',
    'pids.current': 5,
    'cpu/cpu.cfs_quota_us': -1,
    'cpu/cpu.cfs_period_us': 100_000,
    'memory/memory.limit_in_bytes': '9223372036854771712',
  });
  expect(groupLimits('0::/\n2:cpu:/\n3:memory:/\n', at)).toEqual({});
  expect(groupLimits('', join(at, 'nothing'))).toEqual({});
});
