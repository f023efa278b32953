#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): formatTime() of
# ClassAds gives the local time, but its %z says +0000 in all zones, and in summer its %Z names the winter time and its
# %s is one hour late. So a record with "%Y-%m-%dT%H:%M:%S%z" of the start of a job in Geneva is two hours late in summer for
# every program that reads it, and one from Tokyo nine hours.
#
# Expected, by the manual, where the placeholders are those of strftime(3): what date(1) prints for the same second and
# zone. Seen, for 1785391200, which is 2026-07-30 06:00:00 in UTC:
#   central Europe  2026-07-30T08:00:00+0000 CET,  %s 1785394800   date(1): 2026-07-30T08:00:00+0200 CEST, %s 1785391200
#   Japan           2026-07-30T15:00:00+0000 JST,  %s 1785391200   date(1): 2026-07-30T15:00:00+0900 JST,  %s 1785391200
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

printf '%s\n' 'MyType = "Job"' 'ClusterId = 1' 'ProcId = 0' >job.ad
form='%Y-%m-%dT%H:%M:%S%z %Z %s'
seconds=1785391200
changed=0
in_zone() { # TZ SEEN: counts it when formatTime() does not give SEEN, or date(1) does
  local condor coreutils
  condor=$(TZ=$1 tool condor_q -jobads:long job.ad -af "formatTime($seconds, \"$form\")")
  coreutils=$(TZ=$1 date -d "@$seconds" +"$form")
  [[ $condor ]] || exit 2
  echo "TZ=$1: HTCondor $VERSION $condor; date(1) $coreutils"
  [[ $condor == "$2" && $condor != "$coreutils" ]] || changed=$((changed + 1))
}
# The zones are written out, so that no time zone database is needed.
in_zone CET-1CEST,M3.5.0,M10.5.0/3 '2026-07-30T08:00:00+0000 CET 1785394800'
in_zone JST-9 '2026-07-30T15:00:00+0000 JST 1785391200'
[[ $changed == 0 ]] || exit 1
