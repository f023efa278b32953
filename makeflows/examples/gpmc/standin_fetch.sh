#!/bin/bash
# Sourced by the stand-in merges, see README.md: getting at what earlier steps saved.

# fetch SOURCE TARGET: copies a file from a path or a root:// address; fails quietly when it is not there.
fetch() {
  case $1 in
    root://*) xrdcp --force --silent "$1" "$2" 2>/dev/null ;;
    *) [ -f "$1" ] && cp -- "$1" "$2" ;;
  esac
}

# collection_files FILE: the addresses in an XML collection, one a line.
collection_files() {
  grep -o 'turl="[^"]*"' "$1" |
    sed -e 's/^turl="//' -e 's/"$//' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&amp;/\&/g'
}
