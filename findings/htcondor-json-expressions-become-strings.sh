#!/bin/bash
# HTCondor 23.9.6 (Debian 13, condor 23.9.6+dfsg-2.1+b10; 25.14.1 of Debian sid does the same): the tools write an expression of
# a ClassAd in JSON as the string "\/Expr(A + 1)\/", and tell it from the string "/Expr(A + 1)/" by the backslashes alone. In
# JSON both are the same string (RFC 8259, 7: "\/" is "/"), and programs write it without them. So when a program of
# another kind reads and writes the output of `condor_q -json`, nothing that JSON knows of changes, but `condor_q -jobads:json`
# then has strings: a Requirements, or a RequestMemory that depends on other attributes, does not evaluate any more.
#
# Expected, by RFC 8259: a reader takes both forms for the same. Seen, the attribute B = A + 1, with A = 1:
#   condor_q -jobads:json (its own JSON) -af B           2
#   condor_q -jobads:json (rewritten by python3) -af B   /Expr(A + 1)/
#
# Needs apt-get with Debian as a source (it is asked for Debian 13), dpkg-deb, python3, amd64.
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
condor_q() {
  CONDOR_CONFIG=ONLY_ENV root/usr/lib64/ld-linux-x86-64.so.2 --library-path root/usr/lib/x86_64-linux-gnu:root/usr/lib \
    root/usr/bin/condor_q "$@"
}

printf '%s\n' 'MyType = "Job"' 'ClusterId = 1' 'ProcId = 0' 'A = 1' 'B = A + 1' >job.ad
condor_q -jobads:long job.ad -json >own.json || exit 2
python3 -c 'import json, sys; json.dump(json.load(sys.stdin), sys.stdout)' <own.json >rewritten.json || exit 2
python3 -c 'import json; assert json.load(open("own.json")) == json.load(open("rewritten.json"))' || exit 2
own=$(condor_q -jobads:json own.json -af B)
rewritten=$(condor_q -jobads:json rewritten.json -af B)
echo "HTCondor $VERSION, B = A + 1 of its own JSON: $own; of the same JSON, written by python3: $rewritten"
[[ $own ]] || exit 2
[[ $own == 2 && $rewritten == '/Expr(A + 1)/' ]] || exit 1
