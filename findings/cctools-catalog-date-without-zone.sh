#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4): the HTTP header Date of catalog_server is the local time of the
# server, in the form of ctime(3), and names no zone. HTTP demands GMT (RFC 9110, 5.6.7 and 6.6.1). So a client that reads the
# clock of the catalog from Date, to tell how old a row is, is wrong by the zone of the server: here by nine hours.
#
# Expected: two servers, started at the same moment with TZ=UTC and TZ=Asia/Tokyo, send the same Date.
# Seen: "Sun Nov 29 21:45:40 2026" and "Mon Nov 30 06:45:40 2026".
#
# Needs apt-get with Debian 12 as a source, and dpkg-deb. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=9.9-2+b4
work=$(mktemp -d) || exit 2
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" && wait "$pid"; done 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 2
apt-get -qq download "coop-computing-tools=$VERSION" >/dev/null 2>&1 || { echo "cannot download coop-computing-tools $VERSION"; exit 2; }
dpkg-deb -x coop-computing-tools_*.deb root || exit 2

date_of() { # ZONE PORT: sets header to the value of Date
  mkdir -p "$work/$2"
  TZ=$1 "$work/root/usr/bin/catalog_server" -I 127.0.0.1 -p "$2" -u 127.0.0.1:1 -n localhost -H "$work/$2" >/dev/null 2>&1 &
  pids+=($!)
  for _ in {1..50}; do
    sleep 0.1
    exec 3<>"/dev/tcp/127.0.0.1/$2" && break
  done 2>/dev/null
  printf 'GET /query.json HTTP/1.0\r\n\r\n' >&3
  header=$(timeout 5 sed -n 's/^Date: *//p; /^\r*$/q' <&3)
  exec 3>&-
}
date_of UTC 29281 && utc=$header
date_of Asia/Tokyo 29381 && tokyo=$header
echo "coop-computing-tools $VERSION, TZ=UTC:        Date: $utc"
echo "coop-computing-tools $VERSION, TZ=Asia/Tokyo: Date: $tokyo"
[[ $utc && $tokyo ]] || exit 2
form='^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}$'
[[ $utc =~ $form && $tokyo =~ $form ]] || { echo 'the form has changed'; exit 1; }
apart=$(($(date -u -d "$tokyo" +%s) - $(date -u -d "$utc" +%s)))
echo "read as GMT they are $apart s apart"
((apart > 9 * 3600 - 60 && apart < 9 * 3600 + 60)) || exit 1
