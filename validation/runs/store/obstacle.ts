/** Something about this machine keeps a run from going on. The message is a sentence for the user, and needs no stack. */
export class ObstacleError extends Error {
  override name = 'ObstacleError';
}
