import { AsyncLocalStorage } from 'node:async_hooks';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { parseHostPort } from '../../framework/net/address.ts';
import { EXPECTED_KEY, ISSUE_KEY } from './issue-key.ts';

/** The directory for relative paths, while a file is being validated. */
const folder = new AsyncLocalStorage<string>();

/** Validates with `filePath`s relative to a directory; without it they are relative to the current one. */
export function relativeTo<Result>(directory: string, validate: () => Result): Result {
  return folder.run(directory, validate);
}

/** A path, made absolute: relative to the file that contains it. `~/` is the home directory. */
export const filePath = z
  .string()
  .min(1)
  .transform((path) =>
    resolve(folder.getStore() ?? '.', path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : path),
  );

/** `HOST:PORT`; an IPv6 address in brackets. */
export const hostPort = z.string().refine((text) => parseHostPort(text, 0) !== undefined, 'expected HOST:PORT');

/** `http://…` or `https://…` without user and password: secrets belong in files. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'expected http://… or https://…' }).refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return !url?.username && !url?.password;
}, 'must not contain a user or password: put them into a file or an environment variable');

/** Key of a JIRA issue. */
export const issueKey = z.string().regex(ISSUE_KEY, EXPECTED_KEY);
