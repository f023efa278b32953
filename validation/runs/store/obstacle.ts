/** A problem of this machine prevents a run from continuing. The message is a sentence for the user, shown without a stack. */
export class ObstacleError extends Error {
  override name = 'ObstacleError';
}
