#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): in a submit file, $INT(N) is the
# number with 64 bits, but $INT(N,%d) and $INT(N,%06d) write the lower 32 bits of it. So the number of the first event, a seed
# or a part of a file name that is filled with zeros comes out negative from 2147483648 on. Past 2^32 it is another, valid
# number: the job with 4294967303 runs as the job with 7 and writes to the same file. Nothing is reported.
#
# Expected, by the manual, where "%d" is the format that is used when none is given: $INT(N) and $INT(N,%d) are the same.
# Seen, as the arguments of the job, with status 0:
#   N             $INT(N)       $INT(N,%d)    $INT(N,%06d)  $INT(N,%ld)
#   2147483647    2147483647    2147483647    2147483647    2147483647
#   3000000000    3000000000    -1294967296   -1294967296   3000000000
#   4294967303    4294967303    7             000007        4294967303
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

# shellcheck disable=SC2016 # condor_submit fills in the numbers
forms='$INT(N) $INT(N,%d) $INT(N,%06d) $INT(N,%ld)'
arguments_of() { # N: sets arguments to what condor_submit makes of the forms
  printf '%s\n' 'executable = /bin/true' "N = $1" "arguments = $forms" 'queue' >job.sub
  tool condor_submit -dry-run job.ad job.sub >text 2>&1 || { cat text; exit 2; }
  arguments=$(sed -n 's/^\(Args\|Arguments\) *= *"\(.*\)"/\2/p' job.ad)
  echo "HTCondor $VERSION, N = $1, $forms: $arguments"
}
arguments_of 2147483647
[[ $arguments == '2147483647 2147483647 2147483647 2147483647' ]] || exit 2
arguments_of 3000000000
[[ $arguments == '3000000000 -1294967296 -1294967296 3000000000' ]] || exit 1
arguments_of 4294967303
[[ $arguments == '4294967303 7 000007 4294967303' ]] || exit 1
