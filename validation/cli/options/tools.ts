import { InputError } from '../../input/input-error.ts';
import { diagnose, installCommand } from '../../preflight/doctor.ts';

/** @throws InputError that says how to install what a run needs and is missing here */
export function requireTools(): void {
  const missing = diagnose('run').filter(({ present }) => !present);
  if (missing.length === 0) return;
  const list = missing.map((entry) => `  ${entry.package}: ${entry.why}`).join('\n');
  throw new InputError([
    { message: `these packages are missing:\n${list}\nInstall them with\n  ${installCommand(missing)}` },
  ]);
}
