#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): sum(), avg(), min() and max() of
# ClassAds leave out the elements of a list that are UNDEFINED. avg() also leaves them out of the number by which it divides, so
# the mean of {1, 3, an attribute that the ad does not have} is 2. And strcat(), string() and int() of UNDEFINED are
# UNDEFINED. So a policy that was written to notice ERROR never sees it.
#
# Expected, by the manual's list of ClassAd functions: ERROR for a list with anything but numbers in it, and ERROR from
# strcat(), string() and int() for an argument that is UNDEFINED. Seen:
#   sum({1, Missing})     1             strcat("a", Missing)  undefined
#   avg({1, 3, Missing})  2.0           string(Missing)       undefined
#   max({1, Missing})     1             int(Missing)          undefined
#   sum({1, "a"})         error
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
seen=$(tool condor_q -jobads:long job.ad -af 'sum({1, "a"})' 'sum({1, Missing})' 'avg({1, 3, Missing})' 'max({1, Missing})' \
  'min({Missing, 4})' 'strcat("a", Missing)' 'string(Missing)' 'int(Missing)')
[[ $seen ]] || exit 2
echo "HTCondor $VERSION, sum with a text, sum, avg, max, min with UNDEFINED, strcat, string, int of UNDEFINED: $seen"
[[ $seen == 'error 1 2.0 1 4 undefined undefined undefined' ]] || exit 1
