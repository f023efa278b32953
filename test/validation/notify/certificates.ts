import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes an authority, and its certificate for this machine and hooks.invalid, below a directory. */
export function makeCertificates(dir: string): { ca: string; key: string; cert: string } {
  const path = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-subj', '/CN=test authority', '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:hooks.invalid',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-keyout',
    path('server.key'),
    '-out',
    path('server.pem'),
  );
  return { ca: path('ca.pem'), key: path('server.key'), cert: path('server.pem') };
}
