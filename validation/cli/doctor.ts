import pc from 'picocolors';
import { diagnose, installCommand } from '../preflight/doctor.ts';
import { diagnoseImage } from '../preflight/image.ts';
import { EXPOSED, reasonAgainstNamespace } from '../runs/local/manager-port.ts';
import { defineCommand } from './command.ts';
import { table } from './output/table.ts';

export const doctorCommand = defineCommand(
  (command) =>
    command
      .option('test', { type: 'boolean', default: false, describe: 'Also what only the tests need' })
      .option('image', { type: 'string', requiresArg: true, describe: 'Whether workers will run in this image' })
      .option('containerizer', {
        choices: ['docker', 'podman'] as const,
        default: 'docker' as const,
        describe: 'With --image: what runs it',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    if (args.image !== undefined) return doctorOfImage(args.containerizer, args.image, args.json);
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
      console.log(table([[pc.green('✓'), 'Node.js', process.versions.node, ''], ...rows, await namespaceRow()]));
      if (missing.length > 0) console.log(`\nTo install what is missing:\n  ${installCommand(missing)}`);
    }
    process.exitCode = missing.length > 0 ? 2 : 0;
  },
);

/** Nothing is missing without one, but then makeflow can be reached from outside. */
async function namespaceRow(): Promise<string[]> {
  const reason = await reasonAgainstNamespace();
  const [mark, state, why] =
    reason === undefined
      ? [pc.green('✓'), 'allowed', 'makeflow of --local is reached on loopback only']
      : [pc.yellow('!'), 'not allowed', `${EXPOSED} (${reason})`];
  return [mark, 'network namespace', state, pc.dim(why)];
}

async function doctorOfImage(program: 'docker' | 'podman', image: string, json: boolean): Promise<void> {
  const { report, protocol, ownProtocol, usable } = await diagnoseImage(program, image);
  process.exitCode = usable ? 0 : 2;
  if (json) {
    console.log(JSON.stringify({ image, report, protocol, ownProtocol, usable }, null, 2));
    return;
  }
  console.log(report);
  const said = protocol === null ? 'its worker says nothing' : `its worker speaks Work Queue protocol ${protocol}`;
  const here = ownProtocol === null ? '' : `, makeflow here ${ownProtocol}`;
  console.log(`${said}${here}\n${image}: ${usable ? 'workers will run in it' : 'workers will not run in it'}`);
}
