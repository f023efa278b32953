#!/bin/bash
# Stand-in for AliDPG's aliroot_procTBinMap.sh: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_procTBinMap.sh BIN FROM TO. From the residuals of all tracks (alitpcdcalibres.root) makes the map of one
# time bin, again as alitpcdcalibres.root: the amplitude A of the deviations A cos(phi), fitted.

export LC_ALL=C

fatal() {
  echo "F-procTBinMap: $*"
  exit 1
}

[ $# -eq 3 ] || fatal "usage: aliroot_procTBinMap.sh BIN FROM TO"
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ -r OCDB/GRP/Calib/MeanVertex.txt ] || fatal "no OCDB/GRP/Calib/MeanVertex.txt: the calibration of CPass0 is missing"
[ -r alitpcdcalibres.root ] || fatal "residuals 'alitpcdcalibres.root' cannot be read"
sleep "${RELVAL_DEMO_SECONDS:-0}"

awk -v bin="$1" -v from="$2" -v to="$3" '
  BEGIN { print "# Stand-in for a ROOT file: plain text, written by aliroot_procTBinMap.sh" > "voxelResTree.root" }
  $2 == "residual" && $3 >= from && $3 < to {
    n++
    product += $5 * cos($4)
    square += cos($4) ^ 2
    sector = int($4 / 6.28319 * 18)
    sum[sector] += $5
    tracks[sector]++
  }
  END {
    if (!square) exit 1
    for (sector = 0; sector < 18; sector++) {
      if (tracks[sector]) printf "entry voxel %d %d %.4f\n", sector, tracks[sector], sum[sector] / tracks[sector] > "voxelResTree.root"
    }
    print "# Stand-in for a ROOT file: plain text, written by aliroot_procTBinMap.sh"
    printf "entry map %d %d %d %.4f %d\n", bin, from, to, product / square, n
  }' alitpcdcalibres.root >map || fatal "no track between $2 and $3 s"
mv map alitpcdcalibres.root
tail -n 1 alitpcdcalibres.root | tee map.log
