import type { YAMLParseError } from 'yaml';
import type { z } from 'zod';

/** Zod's names of types, and names that people who write YAML use. */
const KINDS: Record<string, string> = {
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

/** The message of a zod issue, with the words of YAML for types. */
export function issueText(issue: z.core.$ZodIssue): string {
  const [, expected = '', received = ''] = /^Invalid input: expected (\w+), received (\w+)$/.exec(issue.message) ?? [];
  if (expected === '') return issue.message;
  const wanted = `expected ${KINDS[expected] ?? expected}`;
  if (received === 'undefined') return `is missing: ${wanted}`;
  return expected === 'int' && received === 'number' ? wanted : `${wanted}, found ${KINDS[received] ?? received}`;
}

/** The YAML parser's message, with advice for the most frequent mistakes. */
export function yamlErrorText({ code, message }: YAMLParseError): string {
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return `${message}. Put a text that contains ': ' into quotes, or below a '|'`;
  if (code === 'UNEXPECTED_TOKEN')
    return `${message}. Put a text that contains quotes into quotes of the other kind, or below a '|'`;
  if (code === 'TAB_AS_INDENT') return `${message}. Use spaces`;
  return message;
}
