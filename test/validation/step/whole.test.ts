import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStep, Scratch } from './sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

/** Bytes of a ROOT file's beginning, that says that the file ends at `end`, and then what there is of the rest. */
function rootFile(end: number, size: number, version = 63206): Buffer {
  const bytes = Buffer.alloc(size, 'x');
  bytes.write('root');
  bytes.writeUInt32BE(version, 4);
  bytes.writeUInt32BE(100, 8);
  if (version < 1_000_000) bytes.writeUInt32BE(end, 12);
  else bytes.writeBigUInt64BE(BigInt(end), 12);
  return bytes;
}

/** A zip, tar, tar.gz and tar.bz2 of 50,000 bytes that cannot be compressed. */
function archives(): Record<string, Buffer> {
  execFileSync('bash', [
    '-c',
    `cd "$1" && mkdir a && cd a && head -c 50000 /dev/urandom >x && zip -q ../f.zip x && zip -q -z ../c.zip x <<<'a comment' \
      && zip -q -0 inner.zip x && zip -q -0 ../n.zip inner.zip && tar cf ../f.tar x && tar czf ../f.tar.gz x && tar cjf ../f.tar.bz2 x`,
    'bash',
    scratch.path,
  ]);
  const names = ['f.zip', 'c.zip', 'n.zip', 'f.tar', 'f.tar.gz', 'f.tar.bz2'];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(scratch.path, name))]));
}

/** Runs a step that leaves these files, and says which of them are cut off. */
async function cutOff(files: Record<string, Buffer | string>, outputs = [{ patterns: ['out/*'] }]) {
  const names = Object.keys(files);
  for (const [i, name] of names.entries()) writeFileSync(join(scratch.path, `file-${i}`), files[name] as Buffer);
  const copies = names.map((name, i) => `cp '${scratch.path}/file-${i}' 'out/${name}'`).join('\n');
  const run = await runStep(scratch, `mkdir out\n${copies}`, {
    stage: { outputs, outputDirTemplate: join(scratch.path, 'stored') },
  });
  expect(run.result).toMatchObject({ phase: 'done', exitStatus: 0 });
  return run.result;
}

describe('outputs whose own format says where they end', () => {
  it('are whole when they end there, or behind it', async () => {
    const whole = archives();
    const { cutOff: found } = await cutOff({
      ...whole,
      'one.root': rootFile(5000, 5000),
      'longer.root': rootFile(5000, 6000),
      'large.root': rootFile(5000, 5000, 1063206),
      'f.tgz': whole['f.tar.gz'] as Buffer,
    });
    expect(found).toEqual([]);
  });

  it('are cut off when they end before, wherever that is', async () => {
    const whole = archives();
    const files: Record<string, Buffer> = {
      'one.root': rootFile(5000, 4999),
      'few.root': rootFile(5000, 20),
      'large.root': rootFile(5_000_000_000, 5000, 1063206),
      // Without the list of free places, which is written when the file is closed.
      'open.root': Buffer.concat([rootFile(400, 400).subarray(0, 16), Buffer.alloc(400)]),
    };
    for (const [name, bytes] of Object.entries(whole)) {
      for (const left of [300, Math.floor(bytes.length / 2), bytes.length - 200, bytes.length - 1]) {
        // gzip and tar have no more than that in their last bytes
        if (name === 'f.tar' && left >= bytes.length - 200) continue;
        files[`${left}.${name}`] = bytes.subarray(0, left);
      }
    }
    const { cutOff: found } = await cutOff(files);
    expect(found).toEqual(
      Object.keys(files)
        .map((name) => `out/${name}`)
        .sort(),
    );
  });

  it('are named when the payload packed them and they are empty', async () => {
    execFileSync('bash', [
      '-c',
      'cd "$1" && : >a.root && echo x >b.dat && mkdir d && : >d/c.root && zip -q -r z.zip a.root b.dat d && tar czf t.tgz a.root b.dat d',
      'bash',
      scratch.path,
    ]);
    const [zip, tar] = ['z.zip', 't.tgz'].map((name) => readFileSync(join(scratch.path, name)));
    const { empty } = await cutOff({ 'z.zip': zip as Buffer, 't.tgz': tar as Buffer });
    expect(empty).toEqual(['out/t.tgz/a.root', 'out/t.tgz/d/c.root', 'out/z.zip/a.root', 'out/z.zip/d/c.root']);
  });

  it('are left alone when they are something else than their names say', async () => {
    const { cutOff: found } = await cutOff({
      'text.root': 'data\n',
      'address.root': 'root://host//path of a list\n',
      'short.root': 'root',
      'empty.zip': '',
      'text.zip': 'PK is no zip\n',
      'text.tar': 'x\n',
      'text.tar.gz': 'x\n',
      'text.tar.bz2': 'BZ\n',
      'header.log': rootFile(5000, 100),
    });
    expect(found).toEqual([]);
  });

  it('are looked at also inside the archives that they are packed into, and when everything is saved', async () => {
    const stage = {
      outputs: [{ archive: 'root_archive.zip', patterns: ['*.root'] }],
      outputDirTemplate: join(scratch.path, 'stored'),
    };
    scratch.file('cut', rootFile(5000, 100));
    const payload = `cp '${scratch.path}/cut' 'a b.root'; : >Kinematics.root; echo data >galice.root`;
    const packed = await runStep(scratch, payload, { stage });
    expect(packed.result).toMatchObject({ cutOff: ['a b.root'], empty: ['Kinematics.root'] });
    expect(packed.result.outputs.map(({ name }) => name)).toEqual(['root_archive.zip', 'validation_report.txt']);
    scratch.remove();
    scratch = new Scratch();
    scratch.file('cut', rootFile(5000, 100));
    const saved = await runStep(scratch, payload.replace(/'[^']*\/cut'/, `'${scratch.path}/cut'`), {
      stage: { saveAll: true, outputDirTemplate: join(scratch.path, 'stored') },
    });
    expect(saved.result).toMatchObject({ cutOff: ['a b.root'], empty: [] });
    expect(saved.result.outputs).toContainEqual({ name: 'Kinematics.root', size: 0 });
  });
});

describe('an archive', () => {
  it('may be called as one in a directory', async () => {
    const run = await runStep(scratch, 'echo x >x.root', {
      stage: {
        outputs: [{ archive: 'd/e/a.zip', patterns: ['*.root'] }],
        outputDirTemplate: join(scratch.path, 'stored'),
      },
    });
    expect(run.result).toMatchObject({ phase: 'done' });
    expect(existsSync(join(scratch.path, 'stored', 'd', 'e', 'a.zip'))).toBe(true);
  });
});

describe('what a step is expected to leave', () => {
  it('may have a name that looks like a pattern', async () => {
    const expects = ['a[1].root', 'b*.root', 'c (d).root', 'back\\slash', 'none[1]'];
    const run = await runStep(scratch, `touch 'a[1].root' 'b*.root' 'c (d).root' 'back\\slash'`, { step: { expects } });
    expect(run.result.missing).toEqual(['none[1]']);
  });
});
