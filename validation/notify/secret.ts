import { readFileSync } from 'node:fs';
import { CannotSend } from './attempts.ts';

/** Where a secret is stored. It is read only when it is sent, and never shown. */
export type SecretSource = { file: string } | { variable: string };

/** The source that is set, of a channel's `tokenFile` and `tokenEnv`, and so on. */
export function secretSource(file: string | undefined, variable: string | undefined): SecretSource | undefined {
  if (file !== undefined) return { file };
  return variable === undefined ? undefined : { variable };
}

/** The text that is shown in place of a secret. */
export function describeSource(source: SecretSource): string {
  return 'file' in source ? `<from ${source.file}>` : `<from $${source.variable}>`;
}

/**
 * Reads a secret: one line; blanks around it are ignored.
 * @throws {CannotSend} with the name of the source, never its content
 */
export function readSecret(source: SecretSource, env: NodeJS.ProcessEnv = process.env): string {
  const text = ('file' in source ? readOwnFile(source.file) : (env[source.variable] ?? '')).trim();
  const where = 'file' in source ? source.file : `$${source.variable}`;
  if (text === '') throw new CannotSend(`${where} contains no secret`);
  if (/\p{Cc}/u.test(text)) throw new CannotSend(`${where} contains more than one line, or control characters`);
  return text;
}

/** @throws {CannotSend} */
export function readOwnFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CannotSend(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Removes secrets from a text of others: a server's answer may repeat what it received. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)])
    .reduce((left, secret) => left.replaceAll(secret, '***'), text);
}
