#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid too, apart from formatTime()): the functions
# of ClassAds for times cut the number of seconds to 32 bits with a sign, although integers have 64 bits. The date of
# 2147483648, 19 January 2038, is in 1901, and the duration is negative. 2^31 seconds are 68 years: a site whose slots
# have used that much wall-clock time together, or an end "never" in the year 2100, is enough. None gives ERROR.
#
# Expected, by the manual, where the argument is an Integer and nothing is said of a limit: 2038-01-19 and 24855+3:14:08, as
# date(1) has it. int(absTime(n)) is n. Seen, with TZ=UTC:
#   formatTime(2147483647, "%Y-%m-%d")  2038-01-19         interval(2147483647)      24855+03:14:07
#   formatTime(2147483648, "%Y-%m-%d")  1901-12-13         interval(2147483648)      -24855+03:14:08
#   formatTime(4102444800, "%Y-%m-%d")  1963-11-25         int(absTime(4102444800))  -192522496
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
export TZ=UTC
value() { # EXPRESSION: its value
  tool condor_q -jobads:long job.ad -af "$1"
}
changed=0
check() { # SECONDS DATE INTERVAL INTEGER: counts it when one of them is not what the functions give
  local day long integer
  day=$(value "formatTime($1, \"%Y-%m-%d\")")
  long=$(value "interval($1)")
  integer=$(value "int(absTime($1))")
  [[ $day && $long && $integer ]] || exit 2
  echo "HTCondor $VERSION, $1, $(date -d "@$1" +%Y-%m-%d) in date(1): formatTime $day, interval $long, int(absTime()) $integer"
  [[ $day == "$2" && $long == "$3" && $integer == "$4" ]] || changed=$((changed + 1))
}
check 2147483647 2038-01-19 24855+03:14:07 2147483647
[[ $changed == 0 ]] || exit 2
check 2147483648 1901-12-13 -24855+03:14:08 -2147483648
check 4102444800 1963-11-25 -2228+06:28:16 -192522496
[[ $changed == 0 ]] || exit 1
