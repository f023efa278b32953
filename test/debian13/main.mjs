// npm run test:debian13 [-- STEP…]
// Tries a fresh clone of this checkout's last commit on Debian 13, as a new user with sudo: demo, tests, the Debian package.
// The Debian is a root of its own; the network is that of this machine, for npm and apt. Steps: see below; default: all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runInside } from './inside.mjs';
import { debianRoot } from './root.mjs';

const CHECKOUT = resolve(import.meta.dirname, '..', '..');
/** What a new machine has: nothing of ours but Node.js. */
const PACKAGES = [
  'nodejs',
  'npm',
  'git',
  'sudo',
  'ca-certificates',
  'passwd',
  'adduser',
  'iproute2',
  'mount',
  'procps',
];
const USER = 'runner';

/**
 * Each is a line for bash in the clone. The first ones are those of a new user, in their order.
 * @type {Record<string, string>}
 */
const STEPS = {
  demo: 'npm run demo',
  test: 'npm test',
  // As root: these need network namespaces and file systems of their own.
  e2e: 'sudo --preserve-env=CI,NODE_EXTRA_CA_CERTS npm run test:e2e',
  containers: 'sudo --preserve-env=CI,NODE_EXTRA_CA_CERTS npm run test:containers',
  // A clone of its own: root has left files in the other one.
  deb: `git clone --quiet ../checkout.bundle ../packaged && cd ../packaged && npm run package:deb -- /tmp && sudo apt-get -qq update && sudo apt-get install -y --no-install-recommends /tmp/release-validation_*.deb \
&& cd /tmp && relval --version && mesos-workqueue-framework --version && man -w relval 2>/dev/null; \
relval run /usr/lib/release-validation/makeflows/examples/gpmc/gpmc.jdl --local`,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(', ')}; the steps are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}

/** Files of this machine without which the network is not the same inside. */
const NETWORK = ['/etc/resolv.conf', '/etc/ssl/certs/ca-certificates.crt'].filter((path) => existsSync(path));
const HOST = 'trixie';

const work = mkdtempSync(join(tmpdir(), 'debian13-'));
try {
  const bundle = join(work, 'checkout.bundle');
  const { status } = spawnSync('git', ['bundle', 'create', '--quiet', bundle, 'HEAD'], {
    cwd: CHECKOUT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('git bundle failed');
  // Debian's installer makes the machine's own name known here, and workers send their logs to that name.
  const hosts = join(work, 'hosts');
  writeFileSync(hosts, `127.0.1.1 ${HOST}\n${existsSync('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : ''}`);
  const script = join(work, 'try.sh');
  writeFileSync(script, tryScript(wanted.length > 0 ? wanted : Object.keys(STEPS)), { mode: 0o755 });
  process.exitCode = await runInside(
    {
      root: debianRoot('debian13', PACKAGES),
      host: HOST,
      alone: false,
      shows: [
        ...NETWORK.map((path) => /** @type {[string, string]} */ ([path, path])),
        [hosts, '/etc/hosts'],
        ['/sys', '/sys'],
        [work, '/mnt'],
      ],
      environment: { CI: 'true', NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt' },
      directory: '/',
    },
    ['/bin/bash', '/mnt/try.sh'],
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * Makes the user and the clone, carries out each step though one before it has failed, and ends with a table.
 * @param {string[]} names
 */
function tryScript(names) {
  const steps = names.map((name) => `step ${name} <<'END'\n${STEPS[name]}\nEND`);
  return `set -u
useradd --create-home --shell /bin/bash ${USER}
echo '${USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${USER}
# The user cannot read where this lies on the machine.
cp /mnt/checkout.bundle /home/${USER}/ && chown ${USER}: /home/${USER}/checkout.bundle
# A user of a namespace, which some tests make, may be kept out of a home.
chmod 755 /home/${USER}
as_user() { su --login ${USER} --whitelist-environment=CI,NODE_EXTRA_CA_CERTS --command "$1"; }
as_user 'git clone --quiet checkout.bundle relval' || exit 1
table= failed=0
step() {
  local began=$SECONDS rc
  echo "===== $1"
  as_user "cd relval && $(cat)"
  rc=$?
  [ $rc = 0 ] || failed=1
  table+="$(printf '%-6s status %3d  %4d s' "$1" $rc $((SECONDS - began)))"$'\\n'
}
${steps.join('\n')}
echo; . /etc/os-release; echo "$PRETTY_NAME, Node.js $(node --version), $(work_queue_worker --version | head -1)"
printf %s "$table"
exit $failed
`;
}
