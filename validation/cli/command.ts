import type { ArgumentsCamelCase, Argv } from 'yargs';

/** What of a command is needed only when it is run, or asked for its help. Its name, and a line about it, are in main.ts. */
export interface Command<T> {
  builder: (yargs: Argv) => Argv<T>;
  handler: (args: ArgumentsCamelCase<T>) => void | Promise<void>;
}

/** A command whose handler gets what its builder has declared. */
export function defineCommand<T>(builder: Command<T>['builder'], handler: Command<T>['handler']): Command<T> {
  return { builder, handler };
}
