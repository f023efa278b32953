import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lookAtDirectory, packDirectory } from '../../../../validation/runs/inputs/sent-directory.ts';

let directory: tmp.DirResult;
let sent: string;
let archive: string;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  sent = join(directory.name, 'sent');
  archive = join(directory.name, 'archive.tar.gz');
  mkdirSync(sent);
  writeFileSync(join(sent, 'run.sh'), 'echo\n');
});
afterEach(() => directory.removeCallback());

it('a file that changes while it is packed is sent in its current state, with a warning', async () => {
  const growing = join(sent, 'growing.log');
  writeFileSync(growing, '');
  truncateSync(growing, 50e6);
  const writer = spawn('sh', ['-c', `while :; do echo more; done | tee -a '${growing}'`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  try {
    await once(writer.stdout, 'data');
    writer.stdout.resume();
    const looked = lookAtDirectory(sent, []);
    await packDirectory(looked, archive);
    expect(looked.warnings).toEqual([expect.stringMatching(/changed while it was packed: .*growing\.log/)]);
  } finally {
    process.kill(-(writer.pid as number), 'SIGKILL');
  }
  const packed = execFileSync('tar', ['--list', '--file', archive], { encoding: 'utf8' }).trim().split('\n');
  expect(packed.sort()).toEqual(['./', './growing.log', './run.sh']);
});

it('an error of tar is reported', async () => {
  await expect(packDirectory(lookAtDirectory(sent, []), join(directory.name, 'no/archive'))).rejects.toThrow(
    /sent cannot be packed: tar[\s\S]*No such file/,
  );
});
