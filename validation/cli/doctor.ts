import { diagnose, installCommand } from '../preflight/doctor.ts';
import { checkHTCondor } from '../preflight/htcondor.ts';
import { diagnoseImage } from '../preflight/image.ts';
import { paint } from '../report/paint.ts';
import { loopbackProblem } from '../runs/local/loopback.ts';
import { EXPOSED, reasonAgainstNamespace } from '../runs/local/manager-port.ts';
import { defineCommand } from './command.ts';
import { table } from './output/table.ts';
import { out } from './terminal.ts';

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
    if (args.json) out.sayJson(found);
    else {
      const rows = found.map((entry) => [
        entry.present ? paint.green('✓') : paint.red('✗'),
        entry.package,
        entry.present ? 'present' : 'missing',
        paint.dim(entry.why),
      ]);
      const [network, condor] = await Promise.all([networkRow(), condorRow()]);
      out.say(...table([[paint.green('✓'), 'Node.js', process.versions.node, ''], ...rows, network, condor]));
      if (missing.length > 0) out.say('', 'To install the missing packages:', `  ${installCommand(missing)}`);
    }
    process.exitCode = missing.length > 0 ? 2 : 0;
  },
);

/** Runs work without a network namespace, but then other machines can connect to makeflow. */
async function networkRow(): Promise<string[]> {
  const problem = loopbackProblem();
  if (problem !== undefined) return [paint.yellow('!'), 'loopback', 'not usable', paint.dim(problem)];
  const reason = await reasonAgainstNamespace();
  const [mark, state, why] =
    reason === undefined
      ? [paint.green('✓'), 'allowed', 'with --local only this machine can connect to makeflow']
      : [paint.yellow('!'), 'not allowed', `${EXPOSED} (${reason})`];
  return [mark, 'network namespace', state, paint.dim(why)];
}

/** Only runs with --batch condor need it. */
async function condorRow(): Promise<string[]> {
  const { state, found, advice } = await checkHTCondor({});
  const why = paint.dim(`runs with --batch condor: ${found}${advice === undefined ? '' : `; ${advice}`}`);
  return state === 'failed'
    ? [paint.yellow('!'), 'HTCondor', 'not usable', why]
    : [paint.green('✓'), 'HTCondor', 'usable', why];
}

async function doctorOfImage(program: 'docker' | 'podman', image: string, json: boolean): Promise<void> {
  const { report, protocol, ownProtocol, usable } = await diagnoseImage(program, image);
  process.exitCode = usable ? 0 : 2;
  if (json) {
    out.sayJson({ image, report, protocol, ownProtocol, usable });
    return;
  }
  out.sayText(report);
  const said =
    protocol === null
      ? 'its work_queue_worker gives no version of the protocol'
      : `its work_queue_worker has Work Queue protocol ${protocol}`;
  const here = ownProtocol === null ? '' : `, makeflow on this machine has ${ownProtocol}`;
  out.say(`${said}${here}`, `${image}: ${usable ? 'workers can run in it' : 'workers cannot run in it'}`);
}
