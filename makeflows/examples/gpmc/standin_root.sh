#!/bin/bash
# Sourced by the stand-ins that write or read ROOT files, see README.md.

# root_file RECORDS FILE: makes a ROOT file of records, with histograms in its directory QA; see standin_root.awk.
root_file() {
  local line
  awk -v name="${2##*/}" -v directory=QA -f standin_root.awk standin_root_classes.txt "$1" >"$2.octal" || return
  while IFS= read -r line; do printf '%b' "$line"; done <"$2.octal" >"$2" || return
  rm -f "$2.octal"
}

# root_files FILE...: makes ROOT files of files of records.
root_files() {
  local file
  for file in "$@"; do
    mv "$file" "$file.records" && root_file "$file.records" "$file" && rm -f "$file.records" || return
  done
}

# records FILE: the records of a stand-in file, be it a ROOT file or plain text.
records() {
  case $(head -c 4 "$1") in
    root) grep -a -E '^(# Stand-in|(count|histogram2?|profile|title|entry) )' "$1" ;;
    *) cat "$1" ;;
  esac
}

# merge WRITER FILE INPUT...: merges stand-in files; into a ROOT file, where there are histograms or counts.
merge() {
  local writer=$1 file=$2 input
  shift 2
  for input in "$@"; do
    records "$input" >"$input.records" || return
  done
  awk -v writer="$writer" -v root=1 -f standin_merge.awk "${@/%/.records}" >"$file" || return
  if grep -q -E '^(histogram|count) ' "$file"; then root_files "$file"; fi
}
