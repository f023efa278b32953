#!/bin/bash
# Stand-in for AliDPG's aliroot_procVDTime.sh: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_procVDTime.sh COLLECTION RUN. Gathers the residuals of the collection in alitpcdcalibres.root, and writes
# the time bins of the space-point calibration to timeBins.log: number, first and last second. A bin is TIME_BIN_SECONDS
# long; one with fewer than TIME_BIN_TRACKS tracks is left out.

export LC_ALL=C

fatal() {
  echo "F-procVDTime: $*"
  exit 1
}

[ $# -eq 2 ] || fatal "usage: aliroot_procVDTime.sh COLLECTION RUN"
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -r OCDB/GRP/Calib/MeanVertex.txt ] || fatal "no OCDB/GRP/Calib/MeanVertex.txt: the calibration of CPass0 is missing"
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
sleep "${RELVAL_DEMO_SECONDS:-0}"

echo "# Stand-in for a ROOT file: plain text, written by aliroot_procVDTime.sh" >alitpcdcalibres.root
while IFS= read -r address; do
  fetch "$address" input.root || fatal "input missing: $address"
  grep '^entry residual ' input.root >>alitpcdcalibres.root
done < <(collection_files "$1")
rm -f input.root

awk -v length_of_bin="${TIME_BIN_SECONDS:-200}" -v least="${TIME_BIN_TRACKS:-20}" '
  $1 == "entry" {
    bin = int($3 / length_of_bin)
    tracks[bin]++
    if (bin > last) last = bin
  }
  END {
    for (bin = 0; bin <= last; bin++) {
      if (tracks[bin] >= least) print bin + 1, bin * length_of_bin, (bin + 1) * length_of_bin
    }
  }' alitpcdcalibres.root >timeBins.log || fatal "no time bins"
echo "I-procVDTime: run $2, $(grep -c . timeBins.log) time bins"
