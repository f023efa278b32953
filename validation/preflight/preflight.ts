import { existsSync } from 'node:fs';
import { versionLine } from '../../framework/tools/versions.ts';
import { isXrootd, splitParameters, xrootdParts } from '../files/places.ts';
import type { Queue } from '../htcondor/tools.ts';
import type { Plan } from '../workflow/plan.ts';
import type { Check } from './check.ts';
import { diagnose, installCommand } from './doctor.ts';
import type { FrameworkAnswer } from './framework.ts';
import { checkHTCondor } from './htcondor.ts';
import { ALIENV, awaitPackages } from './packages.ts';
import {
  checkCatalog,
  checkDirectory,
  checkImage,
  checkInputFiles,
  checkStorage,
  fixedPart,
  nearestExisting,
} from './places.ts';
import { checkPools } from './pools.ts';
import { checkProxy, defaultProxy, readProxy } from './proxy.ts';
import { askQuota, checkQuota } from './quota.ts';

/** What a run will use. */
export interface Preflight {
  plan: Plan;
  /** `host:port` of a cluster of Work Queue; undefined: steps do not run there. Without any queue they run on this machine. */
  catalog: string | undefined;
  /** The queue of an HTCondor pool; undefined: steps do not run there. */
  queue?: (Queue & { image?: string | undefined }) | undefined;
  /** Only checks that take seconds: nothing is stored, and no quota and no image is checked. */
  fast: boolean;
  /** ms to wait for packages that are not published yet. */
  wait: number;
  /** Days for which the proxy must be valid. */
  proxyDays: number;
  /** The file with the proxy; undefined: the default of the Grid's tools. */
  proxy?: string | undefined;
  alienv?: string | undefined;
  /** The program that starts the containers of steps on this machine; undefined: none. */
  containerizer?: 'docker' | 'podman' | undefined;
  /** The image of a run on a cluster, and the answers of the known frameworks. */
  pools?: { image: string; frameworks: readonly FrameworkAnswer[] } | undefined;
  say: (text: string) => void;
  signal?: AbortSignal | undefined;
}

/** Checks everything that a run needs, in the order in which the run needs it. Independent checks run at the same time. */
export async function preflight(options: Preflight): Promise<Check[]> {
  const { plan, catalog, queue, fast, containerizer, pools, alienv = ALIENV, wait, say, signal } = options;
  const here = catalog === undefined && queue === undefined;
  const packages = [...new Set(plan.stages.flatMap((stage) => (stage.environmentCommand ? [] : stage.packages)))];
  const outputs = [...new Set(plan.stages.flatMap(({ outputDirTemplate }) => fixedPart(outputDirTemplate) ?? []))];
  const storage = outermost(outputs.filter(isXrootd));
  const local = new Set(outputs.filter((place) => place.startsWith('/')).map(nearestExisting));
  const images = [...new Set(plan.stages.flatMap(({ image }) => image ?? []))];
  const checks = await Promise.all([
    checkTools(),
    awaitPackages(packages, { alienv, here, wait, say, signal }),
    proxyOf(options, storage.length > 0 || usesStorage(plan)),
    ...(here ? [...local].map((place) => checkDirectory(place)) : []),
    ...(here && !containerizer ? checkInputFiles(plan.stages) : []),
    ...(catalog === undefined ? [] : [checkCatalog(catalog)]),
    ...(queue ? [checkHTCondor(queue, queue.image)] : []),
    ...(pools ? [checkPools(pools.image, pools.frameworks)] : []),
    ...(fast ? [] : storage.map((place) => checkStorage(place))),
    ...(fast ? [] : storage.map((place) => quotaOf(place))),
    ...(fast || !containerizer ? [] : images.map((image) => checkImage(image, containerizer))),
  ]);
  return checks;
}

async function checkTools(): Promise<Check> {
  const missing = diagnose('run').filter(({ present }) => !present);
  const name = 'tools';
  if (missing.length > 0) {
    const found = `missing: ${missing.map((entry) => `${entry.package} (${entry.why})`).join(', ')}`;
    return { name, state: 'failed', found, advice: installCommand(missing) };
  }
  const versions = await toolVersions();
  const state = versions.some((version) => version.endsWith('does not run')) ? 'failed' : 'ok';
  return {
    name,
    state,
    found: [...versions, `Node.js ${process.versions.node}`].join(', '),
    ...(state === 'failed' && { advice: 'relval doctor' }),
  };
}

/** What the tools say about themselves. They are asked once: an early call saves the check the wait for the answers. */
export function toolVersions(): Promise<string[]> {
  return Promise.all(
    ['makeflow', 'work_queue_worker'].map(async (tool) => {
      const line = await versionLine(tool);
      const [, version = 'of unknown version'] = /version (\S+)/.exec(line ?? '') ?? [];
      return line === undefined ? `${tool} does not run` : `${tool} ${version}`;
    }),
  );
}

/** A proxy is needed if storage is used, or if the user named one. */
async function proxyOf({ proxy, proxyDays }: Preflight, needed: boolean): Promise<Check> {
  const path = proxy ?? defaultProxy(process.env, process.getuid?.() ?? 0);
  const check = checkProxy(readProxy(path), Date.now(), proxyDays);
  if (proxy !== undefined || check.state === 'ok') return check;
  if (!existsSync(path)) {
    const found = needed
      ? `there is none at ${path}, so storage that requires one will refuse access`
      : 'the run uses no storage that requires one';
    return {
      name: check.name,
      state: needed ? 'warning' : 'skipped',
      found,
      ...(needed && { advice: 'voms-proxy-init, or --proxy FILE' }),
    };
  }
  return needed ? check : { ...check, state: 'warning' };
}

function usesStorage(plan: Plan): boolean {
  return (
    plan.stages.some(({ inputs }) => inputs.some(({ kind }) => kind === 'xrootd')) ||
    plan.steps.some(({ inputFile }) => inputFile !== undefined && isXrootd(inputFile))
  );
}

async function quotaOf(place: string): Promise<Check> {
  const { server, path } = xrootdParts(place);
  return checkQuota(place, await askQuota(server, path));
}

/** Of nested places only the outermost. */
function outermost(places: readonly string[]): string[] {
  return places.filter(
    (place) => !places.some((other) => other !== place && place.startsWith(`${splitParameters(other).path}/`)),
  );
}
