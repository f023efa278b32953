#!/bin/bash
# Stand-in for AliDPG's merge.sh: no AliPhysics, no ROOT. See README.md.
#
# Merges the files of an XML collection. Environment: ALIEN_JDL_INPUTXML, the collection; ALIEN_JDL_LPMCOLLECTIONENTITY,
# the names of the files to merge, with commas between them, each looked for beside the files of the collection.
# An input that is missing is said and left out; nothing to merge at all is an error.

export LC_ALL=C
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
# shellcheck source=makeflows/examples/gpmc/standin_root.sh
source ./standin_root.sh || exit 1

fatal() {
  echo "F-Merge: $*"
  exit 1
}

[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -n "$ALIEN_JDL_LPMCOLLECTIONENTITY" ] || fatal "ALIEN_JDL_LPMCOLLECTIONENTITY is unset: which files to merge?"
[ -r "$ALIEN_JDL_INPUTXML" ] || fatal "collection '$ALIEN_JDL_INPUTXML' cannot be read (ALIEN_JDL_INPUTXML)"
echo "* merge.sh (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname)"
sleep "${RELVAL_DEMO_SECONDS:-1}"

status=0
IFS=, read -r -a entities <<<"$ALIEN_JDL_LPMCOLLECTIONENTITY"
for entity in "${entities[@]}"; do
  inputs=()
  missing=0
  while IFS= read -r address; do
    source=$(beside "$address" "$entity")
    copy=input.${#inputs[@]}.$entity
    if fetch "$source" "$copy"; then
      inputs+=("$copy")
    else
      echo "W-Merge: input missing: $source"
      missing=$((missing + 1))
    fi
  done < <(collection_files "$ALIEN_JDL_INPUTXML")
  if [ ${#inputs[@]} -eq 0 ]; then
    echo "E-Merge: Merged 0 files into $entity, $missing missing"
    status=1
  elif merge merge.sh "$entity" "${inputs[@]}"; then
    echo "I-Merge: merged ${#inputs[@]} files into $entity, $missing missing"
  else
    echo "E-Merge: $entity could not be merged"
    rm -f "$entity"
    status=1
  fi
  rm -f input.*
done
exit $status
