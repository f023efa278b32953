#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 does the same): `makeflow --json` refuses a
# workflow in JSON with a letter beyond ASCII in the form \u00e9. Python's json.dump() writes every such letter so unless it
# is told ensure_ascii=False. So one accent in a comment, a title or a path makes a workflow that Python wrote unusable.
# The same letter as two bytes of UTF-8 runs. \u0041, a letter of ASCII, is taken.
#
# Expected, by RFC 8259, 7 (any character may be escaped; a reader must accept all JSON texts): both forms are one workflow.
# Seen: for the escaped form "unsupported unicode escape string: 00e9", "couldn't load …: No such file or directory" and
# status 143; for the other form status 0.
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

python3 - <<'PYTHON' || exit 2
import json
flow = {'rules': [{'command': 'echo A\u00e9 > out', 'outputs': ['out']}]}
json.dump(flow, open('escaped.json', 'w'))
json.dump(flow, open('utf8.json', 'w', encoding='utf-8'), ensure_ascii=False)
assert json.load(open('escaped.json')) == json.load(open('utf8.json', encoding='utf-8')), 'they differ'
PYTHON
sed 's/A/\\u0041/' utf8.json >ascii.json
run() { # NAME: sets status
  rm -rf out ./*.makeflowlog
  # makeflow ends by a signal to itself. What bash says of that goes to the file too, for the subshell does not end with it.
  (
    OMPI_MCA_ess_singleton_isolated=1 timeout 60 root/usr/bin/makeflow --json -T local -C 127.0.0.1:1 "$1.json"
    exit $?
  ) >"$1.text" 2>&1
  status=$?
  echo "coop-computing-tools $VERSION, $1: status $status, out: $(cat out 2>/dev/null), $(grep -o 'unsupported.*' "$1.text")"
}
run utf8 && utf8=$status
run ascii && ascii=$status
run escaped && escaped=$status
[[ $utf8 == 0 && $ascii == 0 ]] || exit 2
[[ $escaped != 0 && ! -e out ]] && grep -q 'unsupported unicode escape string: 00e9' escaped.text || exit 1
