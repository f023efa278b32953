// Writes the manual pages of both commands to a directory. Usage: node write-manuals.js DIRECTORY
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Manual, manualPage } from './manual.ts';

// Defaults come from these variables: a manual is the same wherever it is made.
for (const name of Object.keys(process.env)) if (name.startsWith('WORKQUEUE_MESOS_')) delete process.env[name];
const relval = await import('../validation/cli/commands.ts');
const framework = await import('../framework/command-line.ts');
const { schemaOf } = await import('../validation/cli/options/schema.ts');

const { version } = createRequire(import.meta.url)('release-validation/package.json') as { version: string };
const directory = process.argv[2] ?? '.';

const commands = [];
for (const { usage, describe, load } of relval.COMMANDS) {
  if (describe === false) continue;
  const { builder } = await load();
  commands.push({ usage: [usage].flat()[0] as string, describe, ...schemaOf(builder) });
}

write({
  program: 'relval',
  version,
  name: 'run release validations on Work Queue',
  summary: relval.SUMMARY,
  commands,
  flags: schemaOf((command) => command.options({ config: relval.CONFIG, utc: relval.UTC })).flags,
  sections: {
    FILES: ['relval.yaml, ~/.config/relval/relval.yaml, /etc/relval/relval.yaml: the first one that is found is read.'],
    NOTES: relval.EPILOGUE.split('\n'),
  },
  seeAlso: ['mesos-workqueue-framework', 'makeflow', 'work_queue_worker'],
});
write({
  program: 'mesos-workqueue-framework',
  version,
  name: 'launch Work Queue workers on Mesos',
  summary: framework.SUMMARY,
  commands: framework.COMMANDS.map(({ usage, describe, builder }) => ({
    usage: usage.replace('$0', ''),
    describe,
    ...schemaOf(builder),
  })),
  flags: [],
  sections: {},
  seeAlso: ['relval', 'work_queue_worker'],
});

function write(manual: Manual): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${manual.program}.1`), manualPage(manual));
}
