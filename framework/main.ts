#!/usr/bin/env node
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { say } from './terminal.ts';
import { sayVersions } from './tools/versions.ts';

// V8 doubles the space for new objects while many are made, up to 32 MB, and an idle process keeps it. At its first size, 1 MB, it is
// collected more often, which costs little, since few objects live long. It must be set before the program is loaded.
// (`--max-semi-space-size` works only on Node's command line.)
setFlagsFromString('--semi-space-growth-factor=1');

const words = process.argv.slice(2);
const { version } = createRequire(import.meta.url)('release-validation/package.json') as { version: string };
if (words.join(' ') === '--version') await sayVersions(version, ['work_queue_worker'], say);
else await (await import('./program.ts')).runCommandLine(words, version);
