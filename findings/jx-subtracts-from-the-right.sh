#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 and 7.15.9 of sid do the same): JX, the language of
# makeflow's workflows, groups operators of the same rank from the right. 10 - 2 - 3 is 10 - (2 - 3), so 11, and 100 / 10 / 5
# is 50. There is no message. The integer division makes it worse: three quarters of a memory of 100 MB, 100 * 3 / 4, is
# 100 * (3 / 4), so 0. A workflow that computes numbers of events or the memory of a rule this way runs with wrong ones.
#
# Expected, by the JX manual, "Operators": those of Python with the same ranks, and from left to right. Seen:
#   10 - 2 - 3     5 in Python (and with brackets in JX)    11 in JX
#   1 - 2 + 3      2                                        -4
#   100 // 10 // 5 2 (JX: 100 / 10 / 5)                     50
#   100 * 3 // 4   75 (JX: 100 * 3 / 4)                     0
#   makeflow with "echo " + (10 - 2 - 3)                    11 in the output, status 0
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

jx() { # EXPRESSION: its value in JX
  printf '%s\n' "$1" | root/usr/bin/jx2json
}
changed=0
compare() { # EXPRESSION PYTHON SEEN: counts it when JX gives another value than SEEN
  local value
  value=$(jx "$1")
  echo "coop-computing-tools $VERSION, $1: $value; Python: $(python3 -c "print($2)")"
  [[ $value == "$3" ]] || changed=$((changed + 1))
}
[[ $(jx '(10 - 2) - 3') == 5 && $(jx '100 * 3') == 300 && $(jx '1 + 2 * 3') == 7 ]] || exit 2
compare '10 - 2 - 3' '10 - 2 - 3' 11
compare '1 - 2 + 3' '1 - 2 + 3' -4
compare '100 / 10 / 5' '100 // 10 // 5' 50
compare '100 * 3 / 4' '100 * 3 // 4' 0

echo '{"rules": [{"command": "echo " + (10 - 2 - 3) + " > out", "outputs": ["out"]}]}' >flow.jx
OMPI_MCA_ess_singleton_isolated=1 timeout 60 root/usr/bin/makeflow --jx -T local -C 127.0.0.1:1 flow.jx >text 2>&1
status=$?
echo "coop-computing-tools $VERSION, makeflow --jx: status $status, $(cat out 2>/dev/null) in the output"
[[ $changed == 0 && $status == 0 && $(cat out 2>/dev/null) == 11 ]] || exit 1
