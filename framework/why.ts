import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config/config-error.ts';
import type { Demand } from './demand/demand.ts';
import type { Explanation } from './ops/explain.ts';
import { ADDRESS_FILE } from './ops/server.ts';
import { say, sayJson } from './terminal.ts';

/** ms within which a framework must answer. */
const PATIENCE_MS = 10_000;

export interface WhyArguments {
  project?: string;
  stateDir: string;
  /** `http://HOST:PORT` or `HOST:PORT`: a framework that may be on another machine, in the place of the one of `stateDir`. */
  address?: string;
  json: boolean;
}

interface State {
  projects: Explanation[];
  demand: Demand | null;
}

/** Asks a running framework, and prints its explanations. */
export async function explainRunning(args: WhyArguments): Promise<void> {
  const { projects, demand } = await (args.address === undefined
    ? ofDirectory(args.stateDir)
    : atAddress(args.address));
  const shown = projects.filter(({ project }) => args.project === undefined || project === args.project);
  if (args.json) {
    sayJson(shown);
    return;
  }
  if (shown.length === 0)
    say(args.project ? `the framework knows no manager of project ${args.project}` : 'the framework knows no manager');
  for (const { project, manager, words } of shown) say(`${project} (${manager})`, ...words.map((line) => `  ${line}`));
  // The project that was asked for may be among those that could not be read.
  const { problems = [], warnings = [] } = demand ?? {};
  if (problems.length > 0) say('could not be read:', ...problems.map((line) => `  ${line}`));
  for (const warning of warnings) say(`warning: ${warning}`);
}

async function ofDirectory(stateDir: string): Promise<State> {
  try {
    return await stateAt(`http://${readFileSync(join(stateDir, ADDRESS_FILE), 'utf8').trim()}`);
  } catch (error) {
    const message = `why: the framework of ${stateDir} does not answer (${reasonOf(error)})`;
    throw new ConfigError(
      `${message}. Check that it runs with this --state-dir, or name its address: --address HOST:PORT`,
    );
  }
}

async function atAddress(address: string): Promise<State> {
  const url = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(url) || address.startsWith('-'))
    throw new ConfigError(`why: --address ${address}: expected HOST:PORT of a framework (its --listen)`);
  try {
    return await stateAt(new URL(url).origin);
  } catch (error) {
    throw new ConfigError(`why: no framework answers at ${address} (${reasonOf(error)}). Check its --listen`);
  }
}

/** @throws when it does not answer in time, or with something else */
async function stateAt(origin: string): Promise<State> {
  const answer = await fetch(`${origin}/state`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 421)
    throw new Error(
      `it is known by another name: use that, or start it with --allowed-host ${new URL(origin).hostname}`,
    );
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const state = (await answer.json()) as Partial<State>;
  if (!Array.isArray(state.projects)) throw new Error('the answer has no projects: it is no framework of this version');
  return { projects: state.projects, demand: state.demand ?? null };
}

/** The cause of an error of `fetch`, which only says `fetch failed`. */
function reasonOf(error: unknown): string {
  const { message, cause, name } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1000} s`;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
}
