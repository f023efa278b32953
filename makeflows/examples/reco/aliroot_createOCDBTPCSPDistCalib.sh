#!/bin/bash
# Stand-in for AliDPG's aliroot_createOCDBTPCSPDistCalib.sh: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_createOCDBTPCSPDistCalib.sh inputFileList=LIST startRun=RUN endRun=RUN. Puts the maps of the list (paths or
# root:// addresses, one a line) into the OCDB of the working directory, and packs that as ALIEN_JDL_CREATEOCDBARCHIVE.

export LC_ALL=C

fatal() {
  echo "F-createOCDB: $*" | tee -a ocdb.log
  exit 1
}

list='' start='' end=''
for setting in "$@"; do
  case $setting in
    inputFileList=*) list=${setting#*=} ;;
    startRun=*) start=${setting#*=} ;;
    endRun=*) end=${setting#*=} ;;
    *) fatal "unknown setting $setting" ;;
  esac
done
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -r "$list" ] || fatal "list of maps '$list' cannot be read (inputFileList)"
if [ -z "$start" ] || [ "$start" != "$end" ]; then fatal "runs '$start' to '$end': expected one run"; fi
[ -n "$ALIEN_JDL_CREATEOCDBARCHIVE" ] || fatal "ALIEN_JDL_CREATEOCDBARCHIVE is unset: what is the archive called?"
[ -d OCDB ] || fatal "no OCDB: the calibration of CPass0 is missing"
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
sleep "${RELVAL_DEMO_SECONDS:-0}"

mkdir -p OCDB/TPC/Calib || fatal "cannot make OCDB/TPC/Calib"
while IFS= read -r address; do
  fetch "$address" map.root || fatal "map missing: $address"
  awk '$2 == "map" { print "SpaceCharge", $4, $5, $6 }' map.root >>OCDB/TPC/Calib/SpaceCharge.txt
done <"$list"
rm -f map.root
[ -s OCDB/TPC/Calib/SpaceCharge.txt ] || fatal "no map in the files of $list"
tar cjf "$ALIEN_JDL_CREATEOCDBARCHIVE" OCDB || fatal "$ALIEN_JDL_CREATEOCDBARCHIVE cannot be packed"
echo "I-createOCDB: run $start, $(grep -c . OCDB/TPC/Calib/SpaceCharge.txt) maps" | tee -a ocdb.log
cat OCDB/TPC/Calib/SpaceCharge.txt
