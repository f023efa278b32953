#!/bin/bash
# Builds an image out of this checkout, with docker or what $CONTAINER_PROGRAM names.
#
# Usage: docker/build.sh worker|htcondor-worker|relval [OPTION OF docker build]...
#   docker/build.sh relval --tag relval:1
#   docker/build.sh htcondor-worker --tag htcondor-worker:1
#   docker/build.sh worker --tag relval-worker:1 --build-arg BASE=alisw/slc6-builder@sha256:…
# For relval, `npm ci && npm run build` has been run: what runs is copied, so that the build itself asks no npm registry.
set -euo pipefail

kind=${1-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ ! -f $root/docker/$kind/Dockerfile || -z $kind ]]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
shift
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
mkdir "$context/$kind"
cp "$root/docker/provide.sh" "$context/"
cp "$root/docker/$kind/"* "$context/$kind/"

if [[ $kind == relval ]]; then
  cd "$root"
  [[ -f dist/validation/cli/main.js ]] || {
    echo 'docker/build.sh: there is no dist/: run npm ci && npm run build' >&2
    exit 2
  }
  project=$context/project
  mkdir -p "$project/bin"
  # The files of the npm package: the bundles, and the data that they read.
  npm pack --silent --ignore-scripts --pack-destination "$context" >/dev/null
  tar -xzf "$context"/*.tgz --strip-components=1 -C "$project"
  rm "$context"/*.tgz
  ln -s ../dist/validation/cli/main.js "$project/bin/relval"
  ln -s ../dist/framework/main.js "$project/bin/mesos-workqueue-framework"
fi

revision=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
"${CONTAINER_PROGRAM:-docker}" build --build-arg "REVISION=$revision" --file "$context/$kind/Dockerfile" "$@" "$context"
