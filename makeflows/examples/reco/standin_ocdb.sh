#!/bin/bash
# Stand-in for AliDPG's merging of calibration objects, see README.md. Sourced by aliroot_dpgMergeMakeOCDB_CPass0.sh and
# aliroot_dpgMergeMakeOCDB_CPass1.sh with their arguments: COLLECTION RUN local://DIRECTORY KEY=VALUE...
#
# Merges the calibration objects of the collection, works out the mean vertex, puts it into the OCDB that stands in the
# directory, and packs that as ALIEN_JDL_CREATEOCDBARCHIVE.

export LC_ALL=C

fatal() {
  echo "F-MakeOCDB: $*" | tee -a ocdb.log
  exit 1
}

[ $# -ge 3 ] || fatal "usage: COLLECTION RUN local://DIRECTORY KEY=VALUE..."
collection=$1 run=$2 target=${3#local://}
shift 3
objects=CalibObjects.root
for setting in "$@"; do
  case $setting in
    calibObjectsFileName=*) objects=${setting#*=} ;;
    fileAccessMethod=copyXMLcollection | makeOCDB=1) ;;
    *) fatal "unknown setting $setting" ;;
  esac
done
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -r "$collection" ] || fatal "collection '$collection' cannot be read"
[ -n "$ALIEN_JDL_CREATEOCDBARCHIVE" ] || fatal "ALIEN_JDL_CREATEOCDBARCHIVE is unset: what is the archive called?"
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
echo "* merging calibration objects of run $run (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname)"
sleep "${RELVAL_DEMO_SECONDS:-0}"

inputs=()
missing=0
while IFS= read -r address; do
  if fetch "$address" "input.${#inputs[@]}.$objects"; then
    inputs+=("input.${#inputs[@]}.$objects")
  else
    echo "W-MakeOCDB: input missing: $address" | tee -a merge.log
    missing=$((missing + 1))
  fi
done < <(collection_files "$collection")
[ ${#inputs[@]} -gt 0 ] || fatal "Merged 0 files into $objects, $missing missing"
awk -v writer=standin_ocdb.sh -f standin_merge.awk "${inputs[@]}" >"$objects" || fatal "$objects could not be merged"
rm -f input.*
echo "I-MakeOCDB: merged ${#inputs[@]} files into $objects, $missing missing" | tee -a merge.log

mkdir -p "$target/GRP/Calib" || fatal "cannot make $target"
awk '$1 == "count" { n[$2] = $3 } END {
  if (!n["events"]) exit 1
  printf "MeanVertex %.3f\n", n["sum_vertex_um"] / n["events"] / 10000
}' "$objects" >"$target/GRP/Calib/MeanVertex.txt" || fatal "no event in $objects"
for name in meanITSVertex.root fitITSVertex.root cpassStat.root; do
  { echo "# Stand-in for a ROOT file: plain text, written by standin_ocdb.sh" && grep '^count ' "$objects"; } >"$name"
done
tar cjf "$ALIEN_JDL_CREATEOCDBARCHIVE" "$target" || fatal "$ALIEN_JDL_CREATEOCDBARCHIVE cannot be packed"
echo "I-MakeOCDB: $(cat "$target/GRP/Calib/MeanVertex.txt") cm" | tee -a ocdb.log
