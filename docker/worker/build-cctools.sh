#!/bin/bash
# Compiles cctools for the image that is being built.
# Usage: build-cctools.sh PREFIX              CCTOOLS_URL empty: makes the directory and no more
set -eu
prefix=$1
mkdir -p "$prefix/bin"
[[ ${CCTOOLS_URL-} ]] || exit 0
[[ ${CCTOOLS_SHA256-} ]] || {
  echo 'build-cctools.sh: CCTOOLS_URL needs its CCTOOLS_SHA256' >&2
  exit 1
}
bash "$(dirname "$0")/provide.sh" curl=curl tar=tar gzip=gzip make=make gcc=gcc g++=gcc-c++ perl=perl
cd "$(mktemp -d)"
curl -fsSL -o cctools.tar.gz "$CCTOOLS_URL"
echo "$CCTOOLS_SHA256  cctools.tar.gz" | sha256sum -c -
tar -xzf cctools.tar.gz --strip-components=1
./configure --prefix "$prefix"
make -j "$(nproc)"
make install
# Workers need one program.
find "$prefix" -type f ! -path "$prefix/bin/work_queue_worker" -delete
