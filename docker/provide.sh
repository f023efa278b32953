#!/bin/bash
# Sees to it, while an image is built, that commands are there: installs the packages of those that are missing with
# whatever the base image has, apt-get or yum, and checks.
#
# Usage: provide.sh COMMAND=PACKAGE...         an empty PACKAGE: it must be there already
# PACKAGE_SOURCE: a line for sources.list, or the URL of a .repo file; empty: the base image's own sources
set -eu

missing=() packages=()
for pair; do
  command -v "${pair%%=*}" >/dev/null && continue
  missing+=("${pair%%=*}")
  [[ -z ${pair#*=} ]] || packages+=("${pair#*=}")
done

if [[ ${#packages[@]} -gt 0 ]]; then
  echo "installing ${packages[*]}"
  if command -v apt-get >/dev/null; then
    if [[ ${PACKAGE_SOURCE-} ]]; then
      rm -rf /etc/apt/sources.list.d/*
      echo "$PACKAGE_SOURCE" >/etc/apt/sources.list
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "${packages[@]}"
    rm -rf /var/lib/apt/lists/*
  elif command -v yum >/dev/null; then
    if [[ ${PACKAGE_SOURCE-} ]]; then
      rm -f /etc/yum.repos.d/*.repo
      curl -fsS -o /etc/yum.repos.d/source.repo "$PACKAGE_SOURCE"
    fi
    yum -q -y install "${packages[@]}"
    yum -q clean all
    rm -rf /var/cache/yum
  fi
fi

for name in "${missing[@]+"${missing[@]}"}"; do
  command -v "$name" >/dev/null && continue
  echo "provide.sh: the image lacks $name, and neither the base nor its package source has it" >&2
  exit 1
done
