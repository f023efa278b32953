import pc from 'picocolors';
import type { Argv } from 'yargs';
import { diagnose, installCommand } from '../preflight/doctor.ts';
import { table } from './table.ts';

export function addDoctor(program: Argv): void {
  program.command(
    'doctor',
    'What is installed, what is missing, how to get it',
    (command) =>
      command
        .option('test', { type: 'boolean', default: false, describe: 'Also what only the tests need' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
    (args) => {
      const found = diagnose(args.test ? 'test' : 'run');
      const missing = found.filter(({ present }) => !present);
      if (args.json) console.log(JSON.stringify(found, null, 2));
      else {
        const rows = found.map((entry) => [
          entry.present ? pc.green('✓') : pc.red('✗'),
          entry.package,
          entry.present ? 'present' : 'missing',
          pc.dim(entry.why),
        ]);
        console.log(table([[pc.green('✓'), 'Node.js', process.versions.node, ''], ...rows]));
        if (missing.length > 0) console.log(`\nTo install what is missing:\n  ${installCommand(missing)}`);
      }
      process.exitCode = missing.length > 0 ? 2 : 0;
    },
  );
}
