#!/bin/bash
# libfaketime 0.9.10 (Debian 12, libfaketime 0.9.10-2.1): below it select() does not say how much of its timeout was left. The
# timeout stays as it was, after a wait that used all of it as well as after one that was cut short. FAKETIME='+0', which changes
# no time, has the same effect. A program that waits in several pieces, each as long as what was left of the last one, never
# reaches its end when its clock is tested in this way: it looks as if the program hung because of the changed clock.
#
# Expected, by select(2), "The timeout": Linux writes the time that was not slept into the timeout; Perl's select returns it.
# Seen, for a wait of 0.2 s without an event, and for one of 0.5 s in which a pipe has something after 0.1 s:
#   without libfaketime   0.000 and 0.399 s left
#   with FAKETIME='+0'    0.200 and 0.500 s left, though both waits took as long as before
#
# Needs apt-get with Debian 12 as a source, dpkg-deb and perl.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=0.9.10-2.1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -qq download "libfaketime=$VERSION" >/dev/null 2>&1 || { echo "cannot download libfaketime $VERSION"; exit 2; }
dpkg-deb -x libfaketime_*.deb root || exit 2
library=$(echo "$work"/root/usr/lib/*/faketime/libfaketimeMT.so.1)
[[ -e $library ]] || exit 2

cat >wait.pl <<'EOF'
# Prints what select says is left of 0.2 s without an event, and of 0.5 s with one after 0.1 s.
my (undef, $first) = select(undef, undef, undef, 0.2);
pipe(my $reader, my $writer) or die;
if (!fork) { select(undef, undef, undef, 0.1); syswrite($writer, 'x'); exit }
close $writer;
vec(my $files = '', fileno $reader, 1) = 1;
my ($found, $second) = select($files, undef, undef, 0.5);
die "the pipe has nothing\n" if $found != 1;
printf "%.1f %.1f\n", $first, $second;
EOF
plain=$(timeout 20 perl wait.pl) || exit 2
below=$(LD_PRELOAD=$library FAKETIME=+0 timeout 20 perl wait.pl) || exit 2
echo "select of 0.2 s and 0.5 s: left $plain s; below libfaketime $VERSION with an offset of 0: $below s"
# On a busy machine the event may come later than after 0.1 s.
[[ $plain =~ ^0\.0\ 0\.[0-4]$ ]] || exit 2
[[ $below == '0.2 0.5' ]] || exit 1
