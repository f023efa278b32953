#!/bin/bash
# XRootD 5.5.3 (Debian 12, xrootd-client 5.5.3-1): `xrdcp --cksum adler32:print` leaves out the leading zeros of the checksum,
# and xrdcp itself refuses the value in that form. Adler-32 is 8 hexadecimal digits in xrdadler32, in the answer of a server
# to `xrdfs query checksum` and in the catalogues of experiments. The first digit is 0 for one file in sixteen, and for every
# file of a few bytes. So a script that stores what xrdcp printed cannot give it to xrdcp again, and a comparison of texts fails.
#
# Expected, by xrdcp(1), where a value takes the place of the checksum of the source: what :print prints can be a value.
# Seen, for a file of the one letter a:
#   xrdadler32              00620062
#   xrdcp -C adler32:print  620062
#   xrdcp -C adler32:620062    "Invalid adler32 value '620062'", status 22
#   xrdcp -C adler32:00620062  status 0
#
# Needs apt-get with Debian 12 as a source, and dpkg-deb. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=5.5.3-1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
packages=(xrootd-client libxrdapputils2 libxrdcl3 libxrdposix3 libxrdutils3 libxrdxml3)
apt-get -qq download "${packages[@]/%/=$VERSION}" >/dev/null 2>&1 || { echo "cannot download ${packages[*]} $VERSION"; exit 2; }
for package in *.deb; do dpkg-deb -x "$package" root || exit 2; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
bin=$work/root/usr/bin

printf a >letter
eight=$("$bin/xrdadler32" letter | cut -d' ' -f1)
printed=$("$bin/xrdcp" -s -C adler32:print "$work/letter" "$work/copy" 2>&1 | sed -n 's/^adler32: \([0-9a-f]*\) .*/\1/p')
[[ $eight && $printed ]] || exit 2
echo "XRootD $VERSION, xrdadler32:             $eight"
echo "XRootD $VERSION, xrdcp -C adler32:print: $printed"
status_with() { # VALUE: tells the status of a copy of the file that has to have this checksum
  rm -f copy
  "$bin/xrdcp" -s -C "adler32:$1" "$work/letter" "$work/copy" >text 2>&1
  status=$?
  echo "xrdcp -C adler32:$1: status $status $(head -n 1 text)"
}
status_with "$printed" && short=$status
status_with "$eight" && long=$status
[[ $eight == 00620062 && $printed == 620062 && $long == 0 && $short != 0 ]] || exit 1
