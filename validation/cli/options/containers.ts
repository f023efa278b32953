import type { Argv } from 'yargs';

/** The flags about what workers on this machine run in. */
export function containerOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['containerizer', 'image', 'volume'], 'Containers:')
    .option('containerizer', {
      choices: ['process', 'docker', 'podman'] as const,
      describe: 'With --local: what workers run in; default: process',
    })
    .option('image', {
      type: 'string',
      requiresArg: true,
      describe:
        'Image of the workers; default: what the stages name. With --catalog: a pool that has this very image must serve the run',
    })
    .option('volume', {
      alias: 'v',
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'HOST[:CONTAINER[:RO|RW]] mounted in the workers; repeatable',
    });
}
