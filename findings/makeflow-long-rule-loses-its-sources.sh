#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4): a rule of makeflow whose source files take more than 2 MiB in the
# workflow has no source files at all: it runs at once, beside the rules that make them. So a merge of 11,000 files with long
# paths runs before they are there, and the workflow ends with status 0. `makeflow_analyze -k` says "Syntax OK". Where such a
# rule is the first of the workflow, makeflow does not read it from 1 MiB on: "Found end of file while completing file list".
#
# Expected, by the manual, which has no such limit: the rule waits for all its source files, as it does with a shorter list.
# Seen, for a rule that waits for the file of a rule of two seconds, and for files with names of 200 letters that are there:
#   3,000 files (0.6 MB)   status 0, the rule ran second
#   9,000 files (1.8 MB)   status 0, the rule ran second; as the only rule of a workflow: the error
#   11,000 files (2.2 MB)  status 0, the rule ran first
#
# Needs apt-get with Debian 12 as a source, dpkg-deb, and what the package depends on.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=9.9-2+b4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -qq download "coop-computing-tools=$VERSION" >/dev/null 2>&1 || { echo "cannot download coop-computing-tools $VERSION"; exit 2; }
dpkg-deb -x coop-computing-tools_*.deb root || exit 2

run() { # NUMBER: sets checked, status, and order to what the rule with so many files says
  rm -rf flow first order ./*.makeflowlog 0*
  printf '%0200d\n' $(seq "$1") >names
  xargs touch <names
  printf 'first:\n\tsleep 2; touch first\n\norder: first %s\n\ttest -e first && echo second > order || echo first > order\n' \
    "$(paste -sd ' ' names)" >flow
  root/usr/bin/makeflow_analyze -k flow >text 2>&1
  checked=$?
  OMPI_MCA_ess_singleton_isolated=1 timeout 120 root/usr/bin/makeflow -T local -C 127.0.0.1:1 flow >>text 2>&1
  status=$?
  order=$(cat order 2>/dev/null)
  echo "coop-computing-tools $VERSION, $1 files: check $checked, run $status, the rule ran ${order:-never}"
}
run 3000
[[ $checked == 0 && $status == 0 && $order == second ]] || exit 2
run 9000
[[ $checked == 0 && $status == 0 && $order == second ]] || exit 2
sed -n '4,$p' flow >only
root/usr/bin/makeflow_analyze -k only >text 2>&1 && exit 1
echo "coop-computing-tools $VERSION, as the only rule: $(grep -o 'Found end of file.*' text)"
grep -q 'Found end of file while completing file list' text || exit 1
run 11000
[[ $checked == 0 && $status == 0 && $order == first ]] && grep -q 'Syntax OK' text || exit 1
