import { setFlagsFromString } from 'node:v8';
import { keepCode } from './tools/code-cache.ts';
import { tooFewOpenFiles } from './tools/open-files.ts';
import { cacheOf } from './tools/own-cache.ts';
import { ownVersion } from './tools/own-version.ts';

// V8 doubles the space for new objects while many are made, up to 32 MB, and an idle process keeps it. At its first size, 1 MB, it is
// collected more often, which costs little, since few objects live long. Flags must be set before the program is loaded.
// (`--max-semi-space-size` works only on Node's command line.)
setFlagsFromString('--semi-space-growth-factor=1');
// V8 lets the heap grow to several times what is in use: 90 MB more with 700 managers and 5,000 workers.
setFlagsFromString('--heap-growing-percent=50');
// V8 compiles what runs often once more, with a compiler of which 6 MB stay in memory. Ten times as much work must come before that
// (66 kB of bytecode is V8's own number), also for small functions, so a framework of a few dozen workers does without it, and a
// large one has it a little later. Other versions of V8 have other flags for this.
if (process.versions.v8.startsWith('11.')) {
  setFlagsFromString('--interrupt-budget=675840');
  setFlagsFromString('--max-bytecode-size-for-early-opt=0');
}

const obstacle = tooFewOpenFiles();
if (obstacle === undefined) {
  // This is loaded afterwards, because loading it takes many open files.
  void start(process.argv.slice(2));
} else {
  console.error(`mesos-workqueue-framework: ${obstacle}`);
  process.exitCode = 2;
}

async function start(words: readonly string[]): Promise<void> {
  const version = ownVersion();
  if (words.join(' ') === '--version') {
    const [{ say }, { sayVersions }] = await Promise.all([import('./terminal.ts'), import('./tools/versions.ts')]);
    await sayVersions(version, ['work_queue_worker'], say);
  } else {
    keepCode(() => cacheOf('mesos-workqueue-framework'), import.meta.url);
    await (await import('./program.ts')).runCommandLine(words, version);
  }
}
