import { randomBytes } from 'node:crypto';

/** The credentials that an embedded master and its agents demand in every call. */
export interface LocalCredentials {
  principal: string;
  secret: string;
}

/** 256 bits cannot be guessed. */
const SECRET_BYTES = 32;

/** Credentials for one start of an embedded master. They live in the memory of this process only. */
export function randomCredentials(): LocalCredentials {
  return { principal: 'local', secret: randomBytes(SECRET_BYTES).toString('base64url') };
}
