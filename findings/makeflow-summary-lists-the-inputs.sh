#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 and 7.15.9 of sid do the same): the list "Output
# files" of `makeflow --summary-log` has the files that the rules read, not those that they write. So the inputs of the
# workflow, which no rule made, are outputs there, with their sizes, and the last products, for which the workflow runs, are
# missing. A script or a person who checks by the summary that the histograms are there, and how large they are, never sees
# them.
#
# Expected, by the heading: sim.root and qa.root. Seen, for in.cfg -> sim.root -> qa.root, with all rules completed:
# sim.root and in.cfg.
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

echo settings >in.cfg
printf '%s\n' 'sim.root: in.cfg' $'\tcat in.cfg in.cfg > sim.root' '' 'qa.root: sim.root' $'\tcat sim.root sim.root > qa.root' >flow
OMPI_MCA_ess_singleton_isolated=1 timeout 60 root/usr/bin/makeflow -T local -C 127.0.0.1:1 --summary-log summary flow >text 2>&1 ||
  { cat text; exit 2; }
[[ -s qa.root ]] && grep -q 'Completed tasks:[[:space:]]*2/2' summary || exit 2
files=$(sed -n '/^Output files:/,$s/^\t\([^\t]*\)\t.*/\1/p' summary | sort | paste -sd ' ')
echo "coop-computing-tools $VERSION, Output files: $files"
[[ $files == 'in.cfg sim.root' ]] || exit 1
