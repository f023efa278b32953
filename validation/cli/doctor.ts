import pc from 'picocolors';
import { diagnose, installCommand } from '../preflight/doctor.ts';
import { diagnoseImage } from '../preflight/image.ts';
import { EXPOSED, reasonAgainstNamespace } from '../runs/local/manager-port.ts';
import { defineCommand } from './command.ts';
import { table } from './output/table.ts';

export const doctorCommand = defineCommand(
  (command) =>
    command
      .option('test', { type: 'boolean', default: false, describe: 'Also check for packages that only the tests need' })
      .option('image', {
        type: 'string',
        requiresArg: true,
        describe: 'Check whether workers can run in this container image',
      })
      .option('containerizer', {
        choices: ['docker', 'podman'] as const,
        default: 'docker' as const,
        describe: 'With --image: program that starts it',
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
      if (missing.length > 0) console.log(`\nTo install the missing packages:\n  ${installCommand(missing)}`);
    }
    process.exitCode = missing.length > 0 ? 2 : 0;
  },
);

/** Runs work without a network namespace, but then other machines can reach makeflow. */
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
  const said =
    protocol === null
      ? 'its work_queue_worker gives no version of the protocol'
      : `its work_queue_worker has Work Queue protocol ${protocol}`;
  const here = ownProtocol === null ? '' : `, makeflow on this machine has ${ownProtocol}`;
  console.log(`${said}${here}\n${image}: ${usable ? 'workers can run in it' : 'workers cannot run in it'}`);
}
