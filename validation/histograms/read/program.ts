// Reads a ROOT file and its references, and compares them. It runs as a process of its own, so that a bad file can end only
// this process. The build makes one file of it, with its libraries: see vite.config.ts.
import { readFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Line, Request } from '../protocol.ts';
import { CapturedConsole } from './console.ts';
import { RootFile } from './file.ts';
import { comparePair, type Listed, list } from './pair.ts';

/**
 * V8 optimises a function after it has run this much code, and its default (66 kB) suits programs that live long. A comparison
 * of a thousand histograms takes half a second: much of what was optimised would never pay. Only the V8 of
 * Node.js 20 has this flag. Later ones print an error about it.
 */
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=400000');

const OUT = 1;
/** Lines are written in batches of about this number of characters. */
const BATCH = 60_000;
/** The name of a record of at least this size is reported before it is read, because reading it may end the process. */
const LARGE = 2 ** 20;

let batch = '';

function say(line: Line): void {
  batch += `${JSON.stringify(line)}\n`;
  if (batch.length > BATCH) flush();
}

function flush(): void {
  const bytes = Buffer.from(batch);
  batch = '';
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(OUT, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

async function main(): Promise<void> {
  const { file, references, ...question } = JSON.parse(readFileSync(0, 'utf8')) as Request;
  const captured = new CapturedConsole();
  const open: (Listed | undefined)[] = [];
  for (const [index, path] of [file, ...references].entries()) {
    try {
      open.push(await list(await RootFile.open(path, question.limits, captured), question.limits));
    } catch (error) {
      open.push(undefined);
      say({ unreadable: index, reason: (error as Error).message });
    }
  }
  const [own, ...others] = open;
  const usable = others.filter((one) => one !== undefined);
  if (own && usable.length > 0) {
    await comparePair(own, usable, question, {
      reading(name, bytes) {
        if (bytes < LARGE) return;
        say({ reading: name });
        flush();
      },
      measured: (measured) => say({ measured }),
    });
  }
  say({ done: true });
}

await main();
flush();
