import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseHostPort } from '../../framework/net/address.ts';
import { CatalogError, fetchCatalog } from '../../framework/workqueue/catalog.ts';
import { placeBelow, splitParameters, xrootdParts } from '../files/places.ts';
import { counted } from '../units/count.ts';
import type { Stage } from '../workflow/plan.ts';
import type { Check } from './check.ts';
import { failureOf, runCommand } from './command.ts';

const PATIENCE_MS = 30_000;
const CATALOG_PATIENCE_MS = 5000;
/** Free bytes at the output place below which a run does not start, and below which there is a warning. */
const LEAST_FREE = 100e6;
const LITTLE_FREE = 5e9;
/** Seconds that the XRootD client waits for a server; its own default is two minutes, repeated many times. */
const XRD_ENVIRONMENT = { XRD_CONNECTIONWINDOW: '5', XRD_CONNECTIONRETRY: '1' };

/** The part of an OutputDir that is the same for all steps, up to the last folder before a variable; undefined: there is none. */
export function fixedPart(template: string): string | undefined {
  const { path, parameters } = splitParameters(template);
  const variable = path.search(VARIABLE);
  const fixed = variable < 0 ? path : path.slice(0, path.lastIndexOf('/', variable) + 1).replace(/\/+$/, '');
  if (variable >= 0 && !/^(\/|x?roots?:\/\/[^/]+\/).*[^/]/.test(fixed)) return undefined;
  return parameters.search(VARIABLE) < 0 ? fixed + parameters : fixed;
}

/** Text that differs between steps, or is known only on the worker. */
const VARIABLE = /[#$`]/;

/** The path, or the nearest existing folder above it. */
export function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/** Tries to make a folder at the output place, or in the nearest existing folder above. */
export function checkDirectory(path: string): Check {
  const name = `output to ${path}`;
  const there = nearestExisting(path);
  const advice = `name another OutputDir, or get write permission for ${there}`;
  try {
    if (!statSync(there).isDirectory()) return { name, state: 'failed', found: `${there} is not a directory`, advice };
    accessSync(there, constants.W_OK | constants.X_OK);
    rmdirSync(mkdtempSync(join(there, '.relval-check-')));
    const { bavail, bsize } = statfsSync(there);
    const free = bavail * bsize;
    const found = `${there} can be written to, ${(free / 1e9).toFixed(1)} GB free`;
    if (free < LEAST_FREE) return { name, state: 'failed', found, advice: 'remove old files there' };
    if (free < LITTLE_FREE) return { name, state: 'warning', found, advice: 'remove old files there' };
    return { name, state: 'ok', found };
  } catch (error) {
    return { name, state: 'failed', found: `${there} cannot be written to: ${(error as Error).message}`, advice };
  }
}

/**
 * Input files that steps copy from a path of this machine, and that do not exist. A step of the run may make what it
 * stores and, if the stage waits for another, anything.
 */
export function checkInputFiles(stages: readonly Stage[]): Check[] {
  const stored = stages.flatMap(({ outputDirTemplate }) => fixedPart(outputDirTemplate) ?? []);
  return stages.flatMap(({ name: stage, after, inputs }) =>
    inputs.flatMap((input): Check[] => {
      if (input.kind !== 'worker' || existsSync(input.path)) return [];
      if (stored.some((place) => input.path.startsWith(`${place}/`))) return [];
      const found = `${input.path} does not exist`;
      const state = after.length > 0 ? 'warning' : 'failed';
      return [
        { name: `input of ${stage}`, state, found, advice: 'check the path, and that it is mounted on this machine' },
      ];
    }),
  );
}

/** Stores a small file at a `root://` address, and removes it again. */
export async function checkStorage(address: string, patience = PATIENCE_MS): Promise<Check> {
  const name = `output to ${address}`;
  const { server, path, parameters } = xrootdParts(address);
  const file = `.relval-check-${process.pid}-${Date.now()}`;
  const env = { ...process.env, ...XRD_ENVIRONMENT };
  const folder = mkdtempSync(join(tmpdir(), 'relval-check-'));
  try {
    const source = join(folder, 'file');
    writeFileSync(source, 'Written by relval check, to see whether it can be.\n');
    const stored = await runCommand('xrdcp', ['-s', '-f', source, placeBelow(address, file)], patience, env);
    if (stored.how === 'missing') {
      return {
        name,
        state: 'skipped',
        found: 'xrdcp is not installed (package xrootd-client), so relval cannot test this',
      };
    }
    const failure = failureOf('xrdcp', stored, patience);
    if (failure !== undefined) {
      const advice = 'check the address, the proxy certificate and its permissions at the server';
      return { name, state: 'failed', found: `cannot be written to: ${failure}`, advice };
    }
    await runCommand('xrdfs', [server, 'rm', `${path}/${file}${parameters}`], patience, env);
    return { name, state: 'ok', found: 'can be written to' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Asks the catalog for its managers, as the framework does. @param catalog `HOST:PORT` */
export async function checkCatalog(catalog: string, patience = CATALOG_PATIENCE_MS): Promise<Check> {
  const name = `catalog ${catalog}`;
  const address = parseHostPort(catalog);
  if (address === undefined) return { name, state: 'failed', found: 'cannot be asked: expected HOST:PORT' };
  try {
    const { rows } = await fetchCatalog({ ...address, timeoutMs: patience });
    return { name, state: 'ok', found: `answers; it lists ${counted(rows.length, 'manager')}` };
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    const advice = 'check that catalog_server runs there, and that the port is open';
    return { name, state: 'failed', found: `cannot be asked: ${error.message}`, advice };
  }
}

/** Whether the image of the steps is on this machine. */
export async function checkImage(image: string, tool: 'docker' | 'podman', patience = PATIENCE_MS): Promise<Check> {
  const name = `image ${image}`;
  const result = await runCommand(tool, ['image', 'inspect', '--format', '{{.Id}}', image], patience);
  if (result.how === 'missing')
    return { name, state: 'skipped', found: `${tool} is not installed, so relval cannot check this` };
  if (result.how === 'ended' && result.status === 0)
    return { name, state: 'ok', found: `is on this machine: ${result.stdout.trim()}` };
  if (/no such image|not known|no such object/i.test(result.said)) {
    return {
      name,
      state: 'warning',
      found: 'is not on this machine; it is downloaded when the first step starts',
      advice: `${tool} pull ${image}`,
    };
  }
  return {
    name,
    state: 'failed',
    found: failureOf(tool, result, patience) ?? '',
    advice: `check that ${tool} runs and that you may use it`,
  };
}
