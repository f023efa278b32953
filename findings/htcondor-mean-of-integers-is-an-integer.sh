#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): stringListAvg()
# of ClassAds cuts the mean of whole numbers down to a whole number. The mean of "1,2" is 1. One point in the list, "1,2.0",
# makes it 1.5, and avg() of the list {1,2} is 1.5. So a rank or a policy that takes the mean of counts is low by
# up to 1, without an error, and jumps when one of the values comes with a point.
#
# Expected, by the manual, where the result of stringListAvg() is the real-valued average and of type Real (of an empty list it
# is 0.0): 1.5, 3.67 and 0.5. Seen:
#   stringListAvg("1,2")     1        stringListAvg("1,2.0")    1.5      avg({1,2})    1.5
#   stringListAvg("3,4,4")   3        stringListAvg("3,4,4.0")  3.67     avg({3,4,4})  3.67
#   stringListAvg("0,1")     0        stringListAvg("0,1.0")    0.5      avg({0,1})    0.5
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
wrong=0
for items in 1,2 3,4,4 0,1; do
  read -r whole point list < <(tool condor_q -jobads:long job.ad -af "stringListAvg(\"$items\")" "stringListAvg(\"$items.0\")" \
    "avg({$items})")
  [[ ${list-} ]] || exit 2
  echo "HTCondor $VERSION: stringListAvg(\"$items\") $whole, stringListAvg(\"$items.0\") $point, avg({$items}) $list"
  [[ $whole == "${list%%.*}" && $whole != "$list" && $point == "$list" ]] && wrong=$((wrong + 1))
done
[[ $wrong == 3 ]] || exit 1
