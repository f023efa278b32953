import { readFileSync } from 'node:fs';

/** Options for `tls.connect`, as PEM text. Without `ca` the system's authorities are trusted. */
export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  /** False accepts any certificate. Only for tests. */
  rejectUnauthorized?: boolean;
}

/** Files in PEM form: a private authority, and a client certificate with its key. */
export interface TlsFiles {
  caFile?: string;
  certFile?: string;
  keyFile?: string;
}

/** A file that cannot be read or has the wrong content. The message names the file, never its content. */
export class TlsFileError extends Error {
  override name = 'TlsFileError';
}

/** Reads the files. @throws TlsFileError also when only one of certificate and key is given */
export function readTls(files: TlsFiles): TlsOptions {
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    throw new TlsFileError('a client certificate needs both files: the certificate and its key');
  }
  const options: TlsOptions = {};
  if (files.caFile !== undefined) options.ca = readPem(files.caFile, 'CERTIFICATE');
  if (files.certFile !== undefined) options.cert = readPem(files.certFile, 'CERTIFICATE');
  if (files.keyFile !== undefined) options.key = readPem(files.keyFile, 'PRIVATE KEY');
  return options;
}

function readPem(file: string, kind: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TlsFileError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  if (!text.includes(`${kind}-----`)) throw new TlsFileError(`${file} does not contain a ${kind} in PEM form`);
  return text;
}
