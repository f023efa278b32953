#!/bin/bash
# Stand-in for AliDPG's reconstruction passes, see README.md. Sourced by aliroot_dpgCPass0.sh, aliroot_dpgCPass1.sh and
# aliroot_dpgPPass.sh with the name of the pass before their arguments: FILE [EVENTS RUN CONDITIONS].
#
# Reads one file of raw data with standin_pass.awk. The later passes need the calibration of the earlier ones, which
# stands in OCDB of the working directory.

export LC_ALL=C

fatal() {
  echo "F-$pass: $*"
  exit 1
}

pass=$1
shift
file=$1 nevents=${2:-0} run=${3:-$ALIEN_JDL_LPMRUNNUMBER} conditions=${4:-raw://}
[ $# -ge 1 ] || fatal "usage: FILE [EVENTS RUN CONDITIONS]"
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
case $pass in
  cpass0 | cpass1) name=${pass}_pass1 ;;
  ppass) name=pass1 ;;
esac
[ "$ALIEN_JDL_LPMPASSNAME" = "$name" ] || fatal "ALIEN_JDL_LPMPASSNAME is '$ALIEN_JDL_LPMPASSNAME', not $name"
[ "$ALIEN_JDL_LPMPRODUCTIONTYPE" = RAW ] || fatal "ALIEN_JDL_LPMPRODUCTIONTYPE is '$ALIEN_JDL_LPMPRODUCTIONTYPE', not RAW"
[ "$ALIEN_JDL_LPMRUNNUMBER" = "$run" ] || fatal "run $run, but ALIEN_JDL_LPMRUNNUMBER is '$ALIEN_JDL_LPMRUNNUMBER'"
case $nevents in
  '' | *[!0-9]*) fatal "'$nevents' is not a number of events" ;;
esac
[ "$conditions" = raw:// ] || fatal "conditions '$conditions' are not supported, only raw:// (OCDB_PATH says where that is)"
[ -r "$OCDB_PATH" ] || fatal "conditions '$OCDB_PATH' cannot be read (OCDB_PATH)"
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
# shellcheck source=makeflows/examples/gpmc/standin_root.sh
source ./standin_root.sh || exit 1
fetch "$file" raw.data || fatal "raw data '$file' cannot be read"
base=$(path_of "$file")
base=${base##*/}
chunk=${base:11:3}
calibration=()
if [ "$pass" != cpass0 ]; then
  for part in OCDB/GRP/Calib/MeanVertex.txt OCDB/TPC/Calib/SpaceCharge.txt; do
    [ -r "$part" ] || fatal "no $part: the calibration of the passes before is missing"
    calibration+=("$part")
  done
fi

echo "* $pass (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname)"
echo "* packages: ${ALIEN_JDL_PACKAGES:-none}"
echo "* run $run, file $base, ${nevents/#0/all} events"
sleep "${RELVAL_DEMO_SECONDS:-0}"
awk -v pass="$pass" -v run="$run" -v chunk="$((10#$chunk))" -v nevents="$nevents" -v log_file=rec.log \
  -f standin_pass.awk "$OCDB_PATH" "${calibration[@]}" raw.data || fatal "the reconstruction failed, see rec.log"
rm -f raw.data
for name in QAresults_barrel.root QAresults_outer.root QAresults.root event_stat.root; do
  if [ -f "$name" ]; then root_files "$name" || fatal "$name cannot be written"; fi
done

# What a real reconstruction leaves behind when it dies: a stack trace in its log, none of its files, and the exit
# status of a process that signal 11 ended.
if [ "$RELVAL_DEMO_FAIL" = "$pass:$JOB_INDEX" ]; then
  find . -maxdepth 1 -name '*.root' ! -name '290*' -delete
  cat >>rec.log <<'TRACE'
 *** Break *** Segmentation violation
===========================================================
#5  0x00007f1d0c44b2a4 in AliTPCtracker::FollowProlongation(AliTPCseed&, int, int) () from libTPCrec.so
#6  0x00007f1d0c4501b7 in AliTPCtracker::Clusters2Tracks() () from libTPCrec.so
===========================================================
TRACE
  echo "E-$pass: the reconstruction ended with exit status 139, see rec.log"
  exit 139
fi
tail -n 1 rec.log
