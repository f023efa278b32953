import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { readYamlText, type YamlText, YamlTextError } from '../text/yaml.ts';
import { ConfigError } from './config-error.ts';

/** The text of a configuration file. @throws ConfigError */
export function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

/** Reads YAML text and checks it. @throws ConfigError with the position, when the text is not YAML */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  path: string,
  schema: Schema,
): YamlText<z.output<Schema>> {
  try {
    return readYamlText({ file: path, text }, schema);
  } catch (error) {
    throw error instanceof YamlTextError ? new ConfigError(error.problems) : error;
  }
}
