import { counted } from '../units/count.ts';
import type { Check } from './check.ts';
import { type CommandResult, failureOf, runCommand } from './command.ts';

/** The used share of the quota at which there is a warning, and at which a run must not start. */
const TIGHT = 0.9;
const FULL = 0.98;
const PATIENCE_MS = 30_000;

/** Asks EOS for the quota at a path. @param server `root://HOST[:PORT]` */
export function askQuota(server: string, path: string, patience = PATIENCE_MS): Promise<CommandResult> {
  return runCommand('eos', [server, 'quota', path, '-m'], patience);
}

/** Whether there is room for more bytes and files. `eos … quota PATH -m` prints `key=value` pairs, one line for each quota. */
export function checkQuota(address: string, result: CommandResult, patience = PATIENCE_MS): Check {
  const name = `quota of ${address}`;
  if (result.how === 'missing') {
    return { name, state: 'skipped', found: 'the command eos is not installed, so the quota is not known' };
  }
  const failure = failureOf('eos', result, patience);
  if (failure !== undefined) {
    return {
      name,
      state: 'warning',
      found: `the quota is not known: ${failure}`,
      advice: `eos root://HOST quota PATH -m`,
    };
  }
  const quotas = result.stdout
    .split('\n')
    .map((line) => new Map([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value])));
  const parts = quotas.flatMap((quota) => [
    partOf(quota, 'bytes', (n) => `${(n / 1e9).toFixed(1)} GB`),
    partOf(quota, 'files', (n) => counted(n, 'file')),
  ]);
  const known = parts.filter((part) => part !== undefined);
  const worst = known.sort((a, b) => b.share - a.share)[0];
  if (!worst) {
    return {
      name,
      state: 'warning',
      found: `eos did not print a quota: ${result.said || 'nothing'}`,
      advice: 'eos root://HOST quota PATH -m',
    };
  }
  const state = worst.share >= FULL ? 'failed' : worst.share >= TIGHT ? 'warning' : 'ok';
  return {
    name,
    state,
    found: worst.text,
    ...(state !== 'ok' && { advice: 'remove old files there, or request a larger quota' }),
  };
}

function partOf(quota: ReadonlyMap<string, string>, what: 'bytes' | 'files', format: (n: number) => string) {
  const number = (key: string): number => Number(quota.get(key) ?? Number.NaN);
  const [used, most] = [number(`used${what}`), number(`max${what}`)];
  // A maximum of 0 means no limit.
  if (Number.isNaN(used) || Number.isNaN(most) || most <= 0) return undefined;
  const share = used / most;
  return { share, text: `${Math.floor(share * 100)} % used: ${format(used)} of ${format(most)}` };
}
