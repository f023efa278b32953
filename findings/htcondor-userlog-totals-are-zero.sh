#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): condor_userlog, which sums up a
# job event log, gives 0 for all times of every job and for their total, with a goodput of 0.0% and status 0. The rows of the
# single allocations and of the hosts above them are right. So a report on a night that reads the last line, "Total", says that
# the jobs used nothing, and the efficiency of every job looks like 0.
#
# Expected, by condor_userlog(1), where the rows of the jobs have the total time allocated to the job, and the last line
# is a summary for all hosts and jobs: 26 hours for each of two jobs, and 52 for both. Seen, with -total:
#   192.0.2.2         1+02:00   1+02:00   1+00:00   1+02:00   0+00:00  100.0%  92.3%
#   192.0.2.3         1+02:00   1+02:00   1+00:00   1+02:00   0+00:00  100.0%  92.3%
#   123.0             0+00:00   0+00:00   0+00:00   0+00:00   0+00:00    0.0%   0.0%
#   124.0             0+00:00   0+00:00   0+00:00   0+00:00   0+00:00    0.0%   0.0%
#   Total             0+00:00   0+00:00   0+00:00   0+00:00   0+00:00    0.0%   0.0%
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

events_of() { # CLUSTER HOST: the events of a job that ran for 26 hours, 24 of them in the processor
  local used='Usr 1 00:00:00, Sys 0 00:00:00' nothing='Usr 0 00:00:00, Sys 0 00:00:00'
  printf '%s\n' "000 ($1.000.000) 2026-07-30 06:00:00 Job submitted from host: <192.0.2.1:9618>" ...
  printf '%s\n' "001 ($1.000.000) 2026-07-30 06:10:00 Job executing on host: <$2:9618>" ...
  printf '%s\n' "005 ($1.000.000) 2026-07-31 08:10:00 Job terminated." $'\t(1) Normal termination (return value 0)' \
    $'\t\t'"$used  -  Run Remote Usage" $'\t\t'"$nothing  -  Run Local Usage" \
    $'\t\t'"$used  -  Total Remote Usage" $'\t\t'"$nothing  -  Total Local Usage" \
    $'\t1024  -  Run Bytes Sent By Job' $'\t1024  -  Run Bytes Received By Job' \
    $'\t1024  -  Total Bytes Sent By Job' $'\t1024  -  Total Bytes Received By Job' ...
}
{ events_of 123 192.0.2.2 && events_of 124 192.0.2.3; } >log
tool condor_userlog -total log >seen 2>&1 || { cat seen; exit 2; }
echo "HTCondor $VERSION, condor_userlog -total:"
cat seen
for host in 192.0.2.2 192.0.2.3; do
  grep -q "^$host  *1+02:00  *1+02:00  *1+00:00 .*100.0%  *92.3%" seen || exit 2
done
for row in 123.0 124.0 Total; do
  grep -q "^$row  *0+00:00  *0+00:00  *0+00:00 .*  *0.0%  *0.0%" seen || exit 1
done
