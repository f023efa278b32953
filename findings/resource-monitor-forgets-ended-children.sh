#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4): resource_monitor leaves out what a child process read and wrote once
# the child has ended. Its totals are the most that the processes alive at one moment had together. A step that
# copies a file of 30 MB two times, one after the other, has 30 MB read and 30 MB written, not 60.
# In the time series the counters fall back to 0 between the copies, and the time of day is in seconds.
#
# Expected, by resource_monitor(1): the summary has all that was read and written, the two columns of the series add up, and
# wall_clock is a whole number of microseconds. The head of the series itself says the same of the columns and of the time.
# Seen: summary 30 MB and 30 MB; in the series 30, 0, 30, 0 at wall_clock 1796005943.158771.
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

mkdir job && cd job || exit 2
head -c $((30 * 1024 * 1024)) /dev/zero >a
# The pause is longer than the interval between two observations, so each copy is seen.
timeout 60 ../root/usr/bin/resource_monitor -O ../seen -i 1 --with-time-series -- \
  sh -c 'cp a b; sleep 2; cp a c; sleep 2' >../text 2>&1 || { cat ../text; exit 2; }
amount() { # NAME: the number of MB in the summary
  tr -d ' \n' <../seen.summary | sed -n "s/.*\"$1\":\[\([0-9.]*\),\"MB\"\].*/\1/p"
}
read_mb=$(amount bytes_read)
written_mb=$(amount bytes_written)
[[ $read_mb && $written_mb ]] || exit 2
echo "coop-computing-tools $VERSION, two copies of 30 MB: bytes_read $read_mb MB, bytes_written $written_mb MB; the series:"
grep -v '^# ' ../seen.series | cut -d' ' -f1,8,9
falls=$(grep -v '^#' ../seen.series | awk '$9 < before { n++ } { before = $9 } END { print n + 0 }')
seconds=$(grep -v '^#' ../seen.series | head -n 1 | cut -d' ' -f1)
((read_mb < 45 && written_mb < 45 && falls > 0)) && [[ $seconds =~ ^[0-9]{10}\.[0-9]+$ ]] || exit 1
