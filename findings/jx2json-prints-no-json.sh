#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 does the same): jx2json, which is there to turn JX
# into JSON, prints other texts with status 0. An apostrophe becomes \', which no reader of JSON takes. A letter beyond ASCII
# becomes \uffffffc3\uffffffa9, which JSON reads as other letters, and jx2json itself refuses. An expression that fails becomes
# error("…"). So `jx2json flow.jx > flow.json && next` goes on with a broken file.
# The same writer makes INFO.json of a failed rule of makeflow, and what a Work Queue manager answers to task_status.
#
# Expected, by the JX manual, where constants alone are JSON and evaluate to the same JSON, and an error ends the evaluation: the
# same text for the first two, a failure for the third.
# Seen, each with status 0: "it\'s", "caf\uffffffc3\uffffffa9", error("on line 1, 1/0: division by zero").
#
# Needs apt-get with Debian 12 as a source, dpkg-deb, python3, and what the package depends on.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=9.9-2+b4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -qq download "coop-computing-tools=$VERSION" >/dev/null 2>&1 || { echo "cannot download coop-computing-tools $VERSION"; exit 2; }
dpkg-deb -x coop-computing-tools_*.deb root || exit 2

same() { # NAME: NAME.json is the JSON of NAME.jx
  python3 -c 'import json, sys; a, b = [json.load(open(n, encoding="utf-8")) for n in sys.argv[1:]]; sys.exit(a != b)' \
    "$1.jx" "$1.json" 2>/dev/null
}
broken=0
turn() { # NAME TEXT: counts it when jx2json ends well and prints something else
  printf '%s\n' "$2" >"$1.jx"
  root/usr/bin/jx2json "$1.jx" >"$1.json" 2>/dev/null
  local status=$?
  echo "coop-computing-tools $VERSION, $2: status $status, $(cat "$1.json")"
  [[ $status == 0 ]] && ! same "$1" && broken=$((broken + 1))
}
turn plain '{"a": [1, 2.5, "x"]}'
[[ $broken == 0 ]] && same plain || exit 2
turn apostrophe '"it'\''s"'
turn letter '"café"'
turn fails '1/0'
root/usr/bin/jx2json letter.json >/dev/null 2>&1 && { echo 'jx2json reads the letter that it wrote'; exit 1; }
grep -q '^error(' fails.json && [[ $broken == 3 ]] || exit 1
