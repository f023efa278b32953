// node test/htcondor/enter.mjs COMMAND [ARGUMENT…]
// Runs a command of this project in a Debian 13 with HTCondor, with this checkout at its path and this Node.js. Its network
// has nothing but loopback.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runInside } from '../debian13/inside.mjs';
import { debianRoot } from '../debian13/root.mjs';

const CHECKOUT = resolve(import.meta.dirname, '..', '..');
/** HTCondor and the tools of Work Queue. Debian 12 has no HTCondor. */
const PACKAGES = ['htcondor', 'coop-computing-tools', 'iproute2', 'mount', 'procps', 'zip', 'unzip', 'bzip2', 'curl'];
/** libfaketime of this machine, for tests of clocks that are wrong. */
const FAKETIME = readdirSync('/usr/lib')
  .map((name) => join('/usr/lib', name, 'faketime'))
  .filter((path) => existsSync(path));
const WITHOUT = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

const command = process.argv.slice(2);
if (command.length === 0) {
  console.error('usage: node test/htcondor/enter.mjs COMMAND [ARGUMENT…]');
  process.exit(2);
}
const files = mkdtempSync(join(tmpdir(), 'htcondor-'));
const hosts = join(files, 'hosts');
writeFileSync(hosts, '127.0.0.1 cm.test cm\n127.0.0.1 localhost\n');
process.exitCode = await runInside(
  {
    root: debianRoot('htcondor', PACKAGES, WITHOUT),
    host: 'cm.test',
    alone: true,
    shows: [
      [CHECKOUT, CHECKOUT],
      [process.execPath, '/usr/local/bin/node'],
      [hosts, '/etc/hosts'],
      ...FAKETIME.map((path) => /** @type {[string, string]} */ ([path, path])),
    ],
    environment: process.env.CI ? { CI: process.env.CI } : {},
    directory: CHECKOUT,
  },
  command,
);
rmSync(files, { recursive: true, force: true });
