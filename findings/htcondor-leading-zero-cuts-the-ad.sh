#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): an integer that begins with 0 is
# an error to condor_submit, and the tools that read a file of ads drop the rest of the ad without a word. Numbers of runs are
# often written so, filled with zeros to nine digits. With a minus sign it is taken, and is decimal, but not if it has
# the digit 8 or 9.
#
# Expected, by the manual's syntax of ClassAds, where any row of digits is an integer: RunNumber = 000246980 is the number
# 246980, or else all tools refuse it. Seen:
#   condor_submit -dry-run, +RunNumber = 000246980     status 1, "Parse error in expression"
#   condor_submit -dry-run, +RunNumber = -010, -08     status 0, RunNumber=-10; status 1
#   condor_q -jobads, RunNumber = 000246980 in the ad  status 0; RunNumber and the attributes after it are undefined
#
# Needs apt-get with Debian as a source (it is asked for Debian 13), dpkg-deb, amd64.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=23.9.6+dfsg-2.1+b10
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
# HTCondor and the libraries that it needs, of Debian 13, from where this machine has its own Debian from.
mkdir -p lists/partial cache/archives/partial
# shellcheck disable=SC2016 # apt-get fills in the fields
source=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian|Debian|main|//p' | head -n 1)
echo "deb $source trixie main" >sources.list
apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=-
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
packages=(libc6 libgcc-s1 libgomp1 libpcre2-8-0 libssl3t64 libstdc++6 libuuid1 libzstd1 zlib1g)
{ "${apt[@]}" update && "${apt[@]}" download "condor=$VERSION" "${packages[@]}"; } >/dev/null 2>&1 ||
  { echo "cannot download condor $VERSION of Debian 13"; exit 2; }
for package in *.deb; do dpkg-deb -x "$package" root || exit 2; done
tool() { # NAME OPTION...: runs a tool of HTCondor without a configuration
  CONDOR_CONFIG=ONLY_ENV root/usr/lib64/ld-linux-x86-64.so.2 --library-path root/usr/lib/x86_64-linux-gnu:root/usr/lib \
    "root/usr/bin/$1" "${@:2}"
}

submit() { # NUMBER: sets status and number
  printf '%s\n' 'executable = /bin/true' "+RunNumber = $1" 'queue' >job.sub
  rm -f submitted.ad
  tool condor_submit -dry-run submitted.ad job.sub >text 2>&1
  status=$?
  number=$(sed -n 's/^RunNumber *= *//p' submitted.ad 2>/dev/null)
  echo "HTCondor $VERSION, condor_submit, +RunNumber = $1: status $status, RunNumber=$number, $(grep -o 'Parse error' text)"
}
submit 246980
[[ $status == 0 && $number == 246980 ]] || exit 2
submit 000246980 && positive=$status
submit -010 && negative=$number
submit -08 && digit=$status
printf '%s\n' 'MyType = "Job"' 'ClusterId = 1' 'ProcId = 0' 'Before = 1' 'RunNumber = 000246980' 'After = 1' >job.ad
listed=$(tool condor_q -jobads:long job.ad -af Before RunNumber After) && status=0 || status=$?
echo "HTCondor $VERSION, condor_q -jobads: status $status, Before, RunNumber, After: $listed"
[[ $positive != 0 && $digit != 0 && $negative == -10 && $status == 0 && $listed == '1 undefined undefined' ]] || exit 1
