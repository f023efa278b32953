#!/bin/bash
# XRootD 5.5.3 (Debian 12, xrootd-client and xrootd-plugins 5.5.3-1): `xrdcp --cksum` takes the names crc32 and zcrc32, but
# neither is the CRC-32 of zlib, gzip and ZIP. crc32 is the CRC of cksum(1) of POSIX, which reads the bits in another order and
# adds the length. zcrc32 is the CRC of zlib with its four bytes in reverse order (on a little-endian machine).
# So a copy that must have the CRC-32 out of the directory of a ZIP archive, or of the end of a gzip file, fails with both.
#
# Expected, by the names (xrdcp(1) lists adler32, crc32, md5 and zcrc32 and explains none): the CRC-32 of zlib, which is
# e8b7be43 for the one letter a. Seen:
#   gzip (RFC 1952)        e8b7be43
#   cksum                  48c279fe
#   xrdcp -C crc32:print   48c279fe
#   xrdcp -C zcrc32:print  43beb7e8
#   xrdcp -C zcrc32:e8b7be43 and crc32:e8b7be43   "CheckSum error", status 53
#
# Needs apt-get with Debian 12 as a source, and dpkg-deb. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=5.5.3-1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
packages=(xrootd-client xrootd-plugins libxrdcl3 libxrdutils3 libxrdxml3)
apt-get -qq download "${packages[@]/%/=$VERSION}" >/dev/null 2>&1 || { echo "cannot download ${packages[*]} $VERSION"; exit 2; }
for package in *.deb; do dpkg-deb -x "$package" root || exit 2; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu

printf a >letter
gzip_crc=$(gzip -c letter | tail -c 8 | od -An -tu1 -N4 | (read -r a b c d && printf '%02x%02x%02x%02x' "$d" "$c" "$b" "$a"))
posix_crc=$(printf '%08x' "$(cksum letter | cut -d' ' -f1)")
copy() { # TYPE:WHAT
  rm -f copy
  "$work/root/usr/bin/xrdcp" -s -C "$1" "$work/letter" "$work/copy" 2>&1
}
crc32=$(copy crc32:print | sed -n 's/^crc32: \([0-9a-f]*\) .*/\1/p')
zcrc32=$(copy zcrc32:print | sed -n 's/^zcrc32: \([0-9a-f]*\) .*/\1/p')
[[ $crc32 && $zcrc32 ]] || exit 2
refused=0
for type in crc32 zcrc32; do copy "$type:$gzip_crc" >/dev/null || refused=$((refused + 1)); done
echo "gzip $gzip_crc, cksum $posix_crc, xrdcp $VERSION crc32 $crc32, zcrc32 $zcrc32; copies refused with the CRC of gzip: $refused"
[[ $gzip_crc == e8b7be43 && $crc32 == "$posix_crc" && $zcrc32 == 43beb7e8 && $refused == 2 ]] || exit 1
