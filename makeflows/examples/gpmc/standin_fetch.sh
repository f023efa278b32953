#!/bin/bash
# Sourced by the stand-in merges, see README.md: getting at what earlier steps saved.

# fetch SOURCE TARGET: copies a file from a path or a root:// address; fails quietly when it is not there.
fetch() {
  case $1 in
    root://* | roots://* | xroot://* | xroots://*) xrdcp --force --silent "$1" "$2" 2>/dev/null ;;
    *) [ -f "$1" ] && cp -- "$1" "$2" ;;
  esac
}

# below DIRECTORY NAME: the file in it. The parameters of an address stay behind everything.
below() {
  case $1 in
    *://*\?*) echo "${1%%\?*}/$2?${1#*\?}" ;;
    *) echo "$1/$2" ;;
  esac
}

# path_of ADDRESS: without the parameters.
path_of() {
  case $1 in
    *://*) echo "${1%%\?*}" ;;
    *) echo "$1" ;;
  esac
}

# beside FILE NAME: another file of its directory.
beside() {
  local path
  path=$(path_of "$1")
  below "${path%/*}${1#"$path"}" "$2"
}

# collection_files FILE: the addresses in an XML collection, one a line.
collection_files() {
  grep -o 'turl="[^"]*"' "$1" |
    sed -e 's/^turl="//' -e 's/"$//' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&amp;/\&/g'
}
