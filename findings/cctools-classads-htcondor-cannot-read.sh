#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 writes the same) and HTCondor 23.9.6 (Debian 13,
# condor 23.9.6+dfsg-2.1+b10): the form "newclassads" of the catalog server is not the language of new ClassAds. It writes lists
# and objects as JSON does, list=[1,2] and {"a":1}. In ClassAds it is the other way round: {1,2} is a list, [a=1] is an ad.
# HTCondor drops the row without a word, with status 0. The rows of all Work Queue managers have lists (network_interfaces,
# categories), so a pool that takes its demand from the catalog in this form sees no manager.
#
# Expected, by the ClassAd language: condor_q -jobads:new reads the row. It does when the brackets are the right ones, and
# it reads the same row in the form "json".
# Seen, for a row with "cores": 2 and "list": [1,2]:
#   newclassads                       nothing, status 0
#   newclassads with list={1,2}       2 { 1,2 }
#   json                              2 { 1,2 }
#
# Needs apt-get with Debian 12 as a source (it is asked for Debian 13 as well), dpkg-deb, amd64, and what cctools depends on.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
CCTOOLS=9.9-2+b4
VERSION=23.9.6+dfsg-2.1+b10
PORT=29781
work=$(mktemp -d) || exit 2
server=
clean_up() {
  [[ $server ]] && { kill "$server" && wait "$server"; } 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 2
apt-get -qq download "coop-computing-tools=$CCTOOLS" >/dev/null 2>&1 || { echo "cannot download coop-computing-tools $CCTOOLS"; exit 2; }
dpkg-deb -x coop-computing-tools_*.deb cctools && rm coop-computing-tools_*.deb || exit 2
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

mkdir history
cctools/usr/bin/catalog_server -I 127.0.0.1 -p "$PORT" -u 127.0.0.1:1 -n localhost -H history >/dev/null 2>&1 &
server=$!
query() { # FORM: the rows
  exec 3<>"/dev/tcp/127.0.0.1/$PORT" || return 1
  printf 'GET /query.%s HTTP/1.0\r\n\r\n' "$1" >&3
  timeout 5 sed '1,/^\r*$/d' <&3
  exec 3>&-
}
echo '{"type": "finding", "cores": 2, "list": [1, 2], "port": 5}' >row
for _ in {1..50}; do
  cctools/usr/bin/catalog_update -c "127.0.0.1:$PORT" -f row >/dev/null 2>&1
  sleep 0.2
  query json >row.json && grep -q '"type":"finding"' row.json && break
done 2>/dev/null
grep -q '"type":"finding"' row.json || { echo 'the row does not come'; exit 2; }
# catalog_update adds a key that is no name in ClassAds, "uptime,". Managers do not have it, so it is left out here.
query newclassads | sed '/^uptime,/d' >row.new
sed 's/^list=\[1,2\];/list={1,2};/' row.new >right.new
classads=$(tool condor_q -jobads:new row.new -af cores list) && status=0 || status=$?
right=$(tool condor_q -jobads:new right.new -af cores list)
json=$(tool condor_q -jobads:json row.json -af cores list)
echo "coop-computing-tools $CCTOOLS writes: $(grep '^list' row.new)"
echo "HTCondor $VERSION reads: '$classads', status $status; with list={1,2}: '$right'; the row in JSON: '$json'"
[[ $right == '2 { 1,2 }' && $json == '2 { 1,2 }' ]] || exit 2
[[ ! $classads && $status == 0 ]] && grep -qx 'list=\[1,2\];' row.new || exit 1
