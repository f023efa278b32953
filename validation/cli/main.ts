import { tooFewOpenFiles } from '../../framework/tools/open-files.ts';

const obstacle = tooFewOpenFiles();
if (obstacle === undefined) {
  // This is loaded afterwards, because loading it takes many open files.
  void import('./start.ts').then(({ start }) => start());
} else {
  console.error(`relval: ${obstacle}`);
  // Broken: nothing is said about a release.
  process.exitCode = 3;
}
