import { formatProblem, type Problem } from '../text/position.ts';

/** The configuration cannot be used. The message says what is wrong, where, and what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';

  constructor(problems: string | readonly Problem[]) {
    super(typeof problems === 'string' ? problems : problems.map(formatProblem).join('\n'));
  }
}
