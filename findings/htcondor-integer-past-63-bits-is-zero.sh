#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): an integer that does not fit in
# 64 bits with a sign is 0, without a word. A job whose submit file has +Seed = 18446744073709551615 is submitted with
# Seed = 0, and so is every other seed, hash or id of 64 bits without a sign that is above 9223372036854775807.
# Three ways to the same number give three results.
#
# Expected, by the manual, where int() gives ERROR when the result is no integer: an error in all three.
# Seen:
#   condor_submit -dry-run, +Seed = 18446744073709551615   status 0, Seed=0
#   condor_q -af, Seed = 9223372036854775808 in the ad     0
#   int("9223372036854775808")                             -9223372036854775808
#   int(9223372036854775808.0)                             -9223372036854775808
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

printf '%s\n' 'executable = /bin/true' '+Seed = 18446744073709551615' 'queue' >job.sub
tool condor_submit -dry-run submitted.ad job.sub >/dev/null 2>&1
status=$?
seed=$(sed -n 's/^Seed *= *//p' submitted.ad)
printf '%s\n' 'MyType = "Job"' 'ClusterId = 1' 'ProcId = 0' 'Seed = 9223372036854775808' 'Most = 9223372036854775807' >job.ad
read -r most more text real < <(tool condor_q -jobads:long job.ad -af Most Seed 'int("9223372036854775808")' \
  'int(9223372036854775808.0)')
[[ ${real-} ]] || exit 2
echo "HTCondor $VERSION, condor_submit of 2^64 - 1: status $status, Seed=$seed"
echo "HTCondor $VERSION, 2^63 - 1: $most; 2^63: $more; int() of 2^63 as text: $text; as a real: $real"
[[ $most == 9223372036854775807 ]] || exit 2
[[ $status == 0 && $seed == 0 && $more == 0 && $text == -9223372036854775808 && $real == -9223372036854775808 ]] || exit 1
