import type { ArgumentsCamelCase, Argv } from 'yargs';

/** The options and the action of a command. main.ts loads it only to run the command or to show its help. */
export interface Command<T> {
  builder: (yargs: Argv) => Argv<T>;
  handler: (args: ArgumentsCamelCase<T>) => void | Promise<void>;
}

/** Defines a command whose handler gets the options that its builder declares. */
export function defineCommand<T>(builder: Command<T>['builder'], handler: Command<T>['handler']): Command<T> {
  return { builder, handler };
}
