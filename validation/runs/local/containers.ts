import { chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ConfigError } from '../../../framework/config/config-error.ts';
import { parseVolume } from '../../../framework/config/volume.ts';
import type { ContainerProgram } from '../../../framework/local/container-cli.ts';
import { ContainerRuntime } from '../../../framework/local/container-runtime.ts';
import type { Pool, VolumeMount } from '../../../framework/scheduler/state/pool.ts';
import { InputError } from '../../input/input-error.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunRequest } from '../store/record.ts';

/** The containers for the workers of a run on this machine. */
export interface LocalContainers {
  program: ContainerProgram;
  image: string;
  /** The user's volumes. */
  volumes: VolumeMount[];
  /** Directories of the run to which steps write; mounted under the same path. */
  outputs: string[];
}

/**
 * The container settings of a request, checked against the plan.
 * @returns undefined for a run whose steps are plain processes
 * @throws InputError for no image, or several; or for an OutputDir inside a container, which would be lost with it
 */
export function containersOf(request: RunRequest, plan: Plan, runDir: string): LocalContainers | undefined {
  const { containerizer: program = 'process' } = request;
  if (program === 'process') return undefined;
  const problems: string[] = [];
  const images = [...new Set(plan.stages.flatMap(({ image }) => image ?? []))];
  const [image = ''] = request.image === undefined ? images : [request.image];
  if (image === '') problems.push('no stage names an image. Name one with --image');
  else if (request.image === undefined && images.length > 1)
    problems.push(
      `its stages name several images (${images.join(', ')}): all workers of a run use one image. Choose it with --image`,
    );
  const volumes = volumesOf(request.volume ?? [], problems);
  const outputs = new Set<string>();
  for (const { name, outputDirTemplate } of plan.stages) {
    // The text before the first variable is the same for all steps.
    const [fixed = ''] = outputDirTemplate.split(/[#$]/, 1);
    const writable = volumes.some(({ containerPath, mode }) => mode === 'RW' && isBelow(fixed, containerPath));
    if (!fixed.startsWith('/') || writable) continue;
    if (isBelow(fixed, runDir)) outputs.add(join(runDir, fixed.slice(runDir.length).split(sep)[1] ?? ''));
    else
      problems.push(`stage ${name} writes to ${fixed}, which is not mounted in its container. Add --volume ${fixed}`);
  }
  if (problems.length > 0)
    throw new InputError(problems.map((message) => ({ message: `--containerizer ${program}: ${message}` })));
  return { program, image, volumes, outputs: [...outputs] };
}

function volumesOf(texts: readonly string[], problems: string[]): VolumeMount[] {
  return texts.flatMap((text) => {
    try {
      return parseVolume(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error.message);
      return [];
    }
  });
}

const isBelow = (path: string, directory: string): boolean =>
  `${path}/`.startsWith(`${directory.replace(/\/+$/, '')}/`);

/**
 * Checks that containers can run and that the image is on this machine; pulls it if needed.
 * @returns why that is impossible, with the message of docker or podman
 */
export async function provideImage({ program, image }: LocalContainers): Promise<string | undefined> {
  try {
    const runtime = new ContainerRuntime(program, 'relval');
    await runtime.check();
    await runtime.provideImage(image, false);
    return undefined;
  } catch (error) {
    return `--containerizer ${program}: ${(error as Error).message}`;
  }
}

/**
 * Makes the output directories, and gives them and the password file to the user of the image's containers. Only root
 * can do that; the containers of other users run with the user's own ids.
 */
export async function giveToWorkers({ program, image, outputs }: LocalContainers, passwordFile: string): Promise<void> {
  for (const directory of outputs) mkdirSync(directory, { recursive: true });
  if (process.getuid?.() !== 0) return;
  const [uid, gid] = await new ContainerRuntime(program, 'relval').userOf(image);
  for (const directory of outputs) giveDirectory(directory, uid, gid);
  chownSync(passwordFile, uid, gid);
}

/** The settings of the workers' pool that differ from other pools. */
export function containerPool(
  { image, volumes, outputs }: LocalContainers,
  passwordFile: string,
): Pick<Pool, 'image' | 'volumes'> {
  const same = (path: string, mode: VolumeMount['mode']): VolumeMount => ({
    hostPath: path,
    containerPath: path,
    mode,
  });
  return { image, volumes: [...volumes, ...outputs.map((path) => same(path, 'RW')), same(passwordFile, 'RO')] };
}

/** It changes only directories, because files may be links into an earlier run. */
function giveDirectory(directory: string, uid: number, gid: number): void {
  chownSync(directory, uid, gid);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) giveDirectory(join(directory, entry.name), uid, gid);
  }
}
