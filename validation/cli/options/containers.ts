import type { Argv } from 'yargs';

/** The flags about the containers of workers. */
export function containerOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['containerizer', 'image', 'volume'], 'Containers:')
    .option('containerizer', {
      choices: ['process', 'docker', 'podman'] as const,
      describe: 'With --local: run the workers as processes or in containers; default: process',
    })
    .option('image', {
      type: 'string',
      requiresArg: true,
      describe:
        'Container image of the workers; default: the image that the stages name. With --catalog: only a pool with exactly this image serves the run',
    })
    .option('volume', {
      alias: 'v',
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'HOST[:CONTAINER[:RO|RW]]: directory to mount in the containers of the workers; repeatable',
    });
}
