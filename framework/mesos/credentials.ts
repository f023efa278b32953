import { readFileSync, statSync } from 'node:fs';
import { inspect } from 'node:util';
import type { Logger } from '../log.ts';

/** The `Authorization` header of every request. It never prints its secret. */
export interface Credentials {
  /** The name that authenticates; unknown for tokens. FrameworkInfo.principal must be equal, or empty. */
  readonly principal: string | undefined;
  /** The header's value: a secret. */
  authorization(): string;
  /** Reads the file again, if there is one: tokens are replaced while a framework runs. @throws CredentialsError */
  reload(): void;
}

/** Credentials that cannot be read or sent. The message names the source, never the content. */
export class CredentialsError extends Error {
  override name = 'CredentialsError';
}

/**
 * The possible sources of credentials. A secret never comes from the command line, which `ps` shows to everybody.
 */
export interface CredentialSources {
  /** `PRINCIPAL SECRET` on a line, or `{"principal": …, "secret": …}`: the two forms that Mesos' own tools read. */
  credentialFile?: string;
  /** A file that holds a bearer token and nothing else. */
  tokenFile?: string;
  /** A secret from the environment; it needs `principal` as well. */
  secret?: string;
  principal?: string;
}

/**
 * The credentials of the sources, or undefined when they contain none.
 * @throws CredentialsError for a file that cannot be used, and for more than one source
 */
export function readCredentials(sources: CredentialSources, log: Logger): Credentials | undefined {
  const { credentialFile, tokenFile, secret, principal } = sources;
  if ([credentialFile, tokenFile, secret].filter((source) => source).length > 1) {
    throw new CredentialsError('more than one of credential file, token file and secret is set. Keep one of them');
  }
  if (credentialFile) return fromFile(credentialFile, basicFrom, log);
  if (tokenFile) return fromFile(tokenFile, bearerFrom, log);
  if (!secret) return undefined;
  if (!principal) throw new CredentialsError('a secret is set, but no principal. Set the principal too');
  return basic(principal, secret);
}

/** Basic authentication (RFC 7617). @throws CredentialsError for a principal that it cannot carry */
export function basic(principal: string, secret: string): Credentials {
  return new HeldCredentials(() => ({ value: basicValue(principal, secret, 'the principal'), principal }));
}

/** A bearer token (RFC 6750). @throws CredentialsError */
export function bearer(token: string): Credentials {
  return new HeldCredentials(() => bearerFrom(token, 'the token'));
}

interface Held {
  value: string;
  principal: string | undefined;
}

class HeldCredentials implements Credentials {
  readonly #read: () => Held;
  #held: Held;

  constructor(read: () => Held) {
    this.#read = read;
    this.#held = read();
  }

  get principal(): string | undefined {
    return this.#held.principal;
  }

  authorization(): string {
    return this.#held.value;
  }

  reload(): void {
    this.#held = this.#read();
  }

  toString(): string {
    return this.principal === undefined ? 'Bearer [redacted]' : `Basic ${this.principal}:[redacted]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function fromFile(file: string, parse: (text: string, file: string) => Held, log: Logger): Credentials {
  const credentials = new HeldCredentials(() => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw new CredentialsError(`cannot read the credentials: ${(error as Error).message}`, { cause: error });
    }
    return parse(text.trim(), file);
  });
  if ((statSync(file).mode & 0o007) !== 0) {
    log.warn({ file }, 'every user of this machine can read the credentials: run chmod o= on the file');
  }
  return credentials;
}

function basicFrom(text: string, file: string): Held {
  if (text.startsWith('{')) {
    const { principal, secret } = parseJson(text, file);
    if (typeof principal === 'string' && typeof secret === 'string') {
      return { value: basicValue(principal, secret, file), principal };
    }
  } else {
    const [, principal, secret] = /^(\S+)\s+(\S.*)$/.exec(text) ?? [];
    if (principal && secret) return { value: basicValue(principal, secret, file), principal };
  }
  throw new CredentialsError(`${file} must hold "PRINCIPAL SECRET" or {"principal": …, "secret": …}`);
}

function parseJson(text: string, file: string): { principal?: unknown; secret?: unknown } {
  try {
    return JSON.parse(text) as { principal?: unknown; secret?: unknown };
  } catch {
    // The parser's message quotes the text, and so the secret: it is not passed on.
    throw new CredentialsError(`${file} begins like JSON but is not valid JSON`);
  }
}

function bearerFrom(token: string, where: string): Held {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CredentialsError(`${where}: a token must be one word of printable ASCII characters`);
  }
  return { value: `Bearer ${token}`, principal: undefined };
}

function basicValue(principal: string, secret: string, where: string): string {
  if (principal === '' || principal.includes(':')) {
    throw new CredentialsError(
      `${where}: a principal must not be empty, and must not contain ":" (Basic authentication)`,
    );
  }
  return `Basic ${Buffer.from(`${principal}:${secret}`, 'utf8').toString('base64')}`;
}
