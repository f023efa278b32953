#!/usr/bin/env node
import { tooFewOpenFiles } from '../../framework/tools/open-files.ts';

const obstacle = tooFewOpenFiles();
if (obstacle === undefined) {
  // This is loaded afterwards, because loading it takes many open files.
  await (await import('./start.ts')).start();
} else {
  console.error(`relval: ${obstacle}`);
  // Broken: nothing is said about a release.
  process.exitCode = 3;
}
