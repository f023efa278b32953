#!/usr/bin/env node
import { tooFewOpenFiles } from './tools/open-files.ts';

const obstacle = tooFewOpenFiles();
if (obstacle === undefined) {
  // This is loaded afterwards, because loading it takes many open files.
  await (await import('./program.ts')).runCommandLine();
} else {
  console.error(`mesos-workqueue-framework: ${obstacle}`);
  process.exitCode = 2;
}
