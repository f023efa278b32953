import { randomBytes } from 'node:crypto';

/** What an embedded master and its agents demand of every call. */
export interface LocalCredentials {
  principal: string;
  secret: string;
}

/** 256 bits: nobody guesses them. */
const SECRET_BYTES = 32;

/** Credentials for one start of an embedded master. They live in the memory of this process only. */
export function randomCredentials(): LocalCredentials {
  return { principal: 'local', secret: randomBytes(SECRET_BYTES).toString('base64url') };
}
