#!/bin/bash
# Makes the time bins of the space-point calibration, unless an earlier run has left them.
#
#   fetch_timeBins_run.sh SCRIPT ARGUMENT...
#
# A timeBins.log in ALIEN_JDL_OUTPUTDIR is taken as it is. Otherwise SCRIPT, of the release, makes it.
set -u

fail() {
  echo "fetch_timeBins_run.sh: $*" >&2
  exit 1
}

name=${1:?"usage: fetch_timeBins_run.sh SCRIPT ARGUMENT..."}
shift

case ${ALIEN_JDL_OUTPUTDIR:-} in
  '') ;;
  root://* | roots://* | xroot://* | xroots://*)
    # an address has its parameters behind the name of the file
    parameters=${ALIEN_JDL_OUTPUTDIR#"${ALIEN_JDL_OUTPUTDIR%%\?*}"}
    xrdcp -f "${ALIEN_JDL_OUTPUTDIR%%\?*}/timeBins.log$parameters" timeBins.log >/dev/null 2>&1
    ;;
  *) cp "$ALIEN_JDL_OUTPUTDIR/timeBins.log" timeBins.log 2>/dev/null ;;
esac
if [[ -s timeBins.log ]]; then
  echo "timeBins.log of an earlier run is taken from $ALIEN_JDL_OUTPUTDIR"
  exit 0
fi
rm -f timeBins.log

find_payload() { # NAME: in PATH, below ALIDPG_ROOT, in the working directory
  type -P "$1" && return
  local found=
  [[ -d ${ALIDPG_ROOT:-} ]] && found=$(find "$ALIDPG_ROOT" -name "$1" -print -quit)
  [[ $found || ! -f $1 ]] || found=./$1
  [[ $found ]] || return 1
  echo "$found"
}
payload=$(find_payload "$name") || fail "$name is not in PATH, not below ALIDPG_ROOT (${ALIDPG_ROOT:-not set}), not here"
run=("$payload")
[[ -x $payload ]] || run=(bash "$payload")
exec "${run[@]}" "$@"
