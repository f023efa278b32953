// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listLogs, unpackLogs } from '../../../validation/logs/log-bundle.ts';
import { runStep, Scratch } from '../step/sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

function frame(name: string, text: string, head = text.length, omitted = 0): string {
  return `relval-log-1 ${Buffer.byteLength(text)} ${head} ${omitted} ${name}\n${text}\n`;
}

describe('the bundle of logs', () => {
  it('transfers every log of the payload unchanged', async () => {
    const run = await runStep(
      scratch,
      `mkdir -p 'a b/c'; printf 'no line end' > 'a b/c/x.log'; printf '\\0\\377relval-log-1 5 5 0 y\\n' > "q'\\"\\$é.log"; : > empty.log; echo no > other.txt`,
    );
    const logs = join(scratch.path, 'logs');
    const { logs: unpacked } = await unpackLogs(join(run.directory, 'sim0007.logs'), logs);
    expect(unpacked.every(({ refused }) => refused === undefined)).toBe(true);
    expect(readFileSync(join(logs, 'a b/c/x.log'), 'utf8')).toBe('no line end');
    expect(readFileSync(join(logs, `q'"$é.log`), 'latin1')).toBe('\0\u00ffrelval-log-1 5 5 0 y\n');
    expect(readFileSync(join(logs, 'empty.log'), 'utf8')).toBe('');
    expect(readdirSync(logs).sort()).toEqual(['a b', 'empty.log', `q'"$é.log`, 'relval-step.log']);
  });

  it('keeps head and tail of a log that is too long, with the number of bytes left out', async () => {
    const run = await runStep(
      scratch,
      'for ((i = 0; i < 1000; i++)); do echo "line $i"; done > long.log; head -c 3000 /dev/zero > b.log',
      {
        logLimit: 1000,
        logsLimit: 2500,
      },
    );
    const logs = join(scratch.path, 'logs');
    const { logs: unpacked } = await unpackLogs(join(run.directory, 'sim0007.logs'), logs);
    const omitted = Object.fromEntries(unpacked.map((log) => [log.name, log.omitted]));
    expect(omitted['b.log']).toBe(2000);
    expect(omitted['long.log']).toBe(7890);
    const long = readFileSync(join(logs, 'long.log'), 'utf8');
    expect(long).toMatch(/^line 0\nline 1\n/);
    expect(long).toMatch(/\n\[relval: 7890 bytes left out here\]\n/);
    expect(long).toMatch(/line 999\n$/);
  });

  it('is read up to its end if it is cut off at any byte', async () => {
    const first = frame('a.log', 'first');
    const whole = first + frame('b.log', 'second');
    // a missing line feed after the last log is no damage
    const fine = [0, first.length - 1, first.length, whole.length - 1, whole.length];
    for (let length = 0; length <= whole.length; length++) {
      const path = scratch.file('cut.logs', whole.slice(0, length));
      const { frames, damage } = await listLogs(path);
      for (const { start, size } of frames) expect(start + size).toBeLessThanOrEqual(length);
      expect(damage === undefined).toBe(fine.includes(length));
      expect(frames.length).toBe(
        Number(length >= first.indexOf('\n') + 1) + Number(length >= whole.lastIndexOf('\n', whole.length - 2) + 1),
      );
    }
  });

  it.each(['../x.log', '/etc/x.log', 'a/../../x.log', './x.log', 'a//x.log', 'a/', '..', `${'n'.repeat(256)}.log`])(
    'is not followed to %j',
    async (name) => {
      const path = scratch.file('hostile.logs', frame(name, 'bad') + frame('good.log', 'good'));
      mkdirSync(join(scratch.path, 'in'));
      const { logs: unpacked } = await unpackLogs(path, join(scratch.path, 'in/logs'));
      expect(unpacked[0]?.refused).toBeDefined();
      expect(readdirSync(join(scratch.path, 'in'))).toEqual(['logs']);
      expect(readdirSync(join(scratch.path, 'in/logs'))).toEqual(['good.log']);
    },
  );

  it('refuses logs that need the same path, and writes the others', async () => {
    const path = scratch.file('twice.logs', frame('a', '1') + frame('a', '2') + frame('a/b', '3') + frame('c', '4'));
    const logs = join(scratch.path, 'logs');
    expect((await unpackLogs(path, logs)).logs.map(({ refused }) => refused !== undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(readFileSync(join(logs, 'a'), 'utf8')).toBe('1');
  });

  it('is refused if it is not a bundle', async () => {
    writeFileSync(join(scratch.path, 'x'), 'relval-log-1 999999999999999 0 0 x\nshort');
    expect(await listLogs(join(scratch.path, 'x'))).toMatchObject({
      frames: [{ size: 5 }],
      damage: expect.stringContaining('ends inside'),
    });
    writeFileSync(join(scratch.path, 'y'), 'x'.repeat(100_000));
    expect(await listLogs(join(scratch.path, 'y'))).toMatchObject({
      frames: [],
      damage: expect.stringContaining('no frame at byte 0'),
    });
    expect(existsSync(join(scratch.path, 'logs'))).toBe(false);
  });
});
