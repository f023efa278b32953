import type { YAMLParseError } from 'yaml';
import type { z } from 'zod';

/** What zod calls the kinds of values, and what people who write YAML do. */
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

/** What a zod issue says, in the words of YAML where zod speaks of types. */
export function issueText(issue: z.core.$ZodIssue): string {
  const [, expected = '', received = ''] = /^Invalid input: expected (\w+), received (\w+)$/.exec(issue.message) ?? [];
  if (expected === '') return issue.message;
  const wanted = `expected ${KINDS[expected] ?? expected}`;
  if (received === 'undefined') return `is missing: ${wanted}`;
  return expected === 'int' && received === 'number' ? wanted : `${wanted}, found ${KINDS[received] ?? received}`;
}

/** What the YAML parser says, with what to do about the mistakes that are made most. */
export function yamlErrorText({ code, message }: YAMLParseError): string {
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return `${message}: a text with ': ' in it must stand in quotes, or below a '|'`;
  if (code === 'UNEXPECTED_TOKEN')
    return `${message}: a text with quotes in it must stand in quotes of the other kind, or below a '|'`;
  if (code === 'TAB_AS_INDENT') return `${message}: use spaces`;
  return message;
}
