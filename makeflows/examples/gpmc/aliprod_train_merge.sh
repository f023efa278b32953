#!/bin/bash
# Stand-in for the merging of quality assurance: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliprod_train_merge.sh LIST STAGE. LIST is a text file of output directories, one a line, or an XML collection
# (*.xml) of QA_archive.zip files. Merges QAresults.root, event_stat.root and trending.root of all of them, or the files
# that STANDIN_QA_FILES names. An input that is missing is said and left out; a file that none of them has is an error.

export LC_ALL=C
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
# shellcheck source=makeflows/examples/gpmc/standin_root.sh
source ./standin_root.sh || exit 1

fatal() {
  echo "F-TrainMerge: $*"
  exit 1
}

[ $# -eq 2 ] || fatal "usage: aliprod_train_merge.sh LIST STAGE"
list=$1
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -r "$list" ] || fatal "list '$list' cannot be read"
echo "* aliprod_train_merge.sh (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname), stage $2"
sleep "${RELVAL_DEMO_SECONDS:-1}"

addresses() {
  case $list in
    *.xml) collection_files "$list" ;;
    *) grep -v -e '^[[:space:]]*$' -e '^#' "$list" ;;
  esac
}

# fetch_member ADDRESS NAME TARGET: the file NAME out of a directory or a zip archive.
fetch_member() {
  case $(path_of "$1") in
    *.zip)
      fetch "$1" archive.zip && unzip -p archive.zip "$2" >"$3" 2>/dev/null
      local status=$?
      rm -f archive.zip
      [ $status -eq 0 ]
      ;;
    *) fetch "$(below "${1%/}" "$2")" "$3" ;;
  esac
}

status=0
for name in ${STANDIN_QA_FILES:-QAresults.root event_stat.root trending.root}; do
  inputs=()
  missing=0
  while IFS= read -r address; do
    copy=input.${#inputs[@]}.$name
    if fetch_member "$address" "$name" "$copy"; then
      inputs+=("$copy")
    else
      rm -f "$copy"
      echo "W-TrainMerge: input missing: $name of $address"
      missing=$((missing + 1))
    fi
  done < <(addresses)
  if [ ${#inputs[@]} -eq 0 ]; then
    echo "E-TrainMerge: Merged 0 files into $name, $missing missing"
    status=1
  elif merge aliprod_train_merge.sh "$name" "${inputs[@]}"; then
    echo "I-TrainMerge: merged ${#inputs[@]} files into $name, $missing missing"
  else
    echo "E-TrainMerge: $name could not be merged"
    rm -f "$name"
    status=1
  fi
  rm -f input.*
done
exit $status
