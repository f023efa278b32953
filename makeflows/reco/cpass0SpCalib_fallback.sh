#!/bin/bash
# Makes the OCDB of the space-point calibration; with too little statistics once more, from maps made elsewhere.
#
#   cpass0SpCalib_fallback.sh SCRIPT ARGUMENT...
#
# SCRIPT, of the release, is run. Where its ocdb.log then has lines that begin with E-ProcessOutput:, the list of maps
# that ALITPCDCALIBRES_LIST names (a path or a root:// address) takes the place of alitpcdcalibres.txt, ocdb.log is
# kept as ocdb.log.old, and SCRIPT is run again.
set -u

fail() {
  echo "cpass0SpCalib_fallback.sh: $*" >&2
  exit 1
}

name=${1:?"usage: cpass0SpCalib_fallback.sh SCRIPT ARGUMENT..."}
shift

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
status=0
"${run[@]}" "$@" || status=$?

if ! grep -q '^E-ProcessOutput:' ocdb.log 2>/dev/null; then
  echo "$name ended with exit status $status and had enough statistics"
  exit "$status"
fi
[[ ${ALITPCDCALIBRES_LIST:-} ]] || fail "too little statistics, and ALITPCDCALIBRES_LIST names no other maps"

echo "too little statistics: $name is run again with $ALITPCDCALIBRES_LIST"
mv ocdb.log ocdb.log.old
case $ALITPCDCALIBRES_LIST in
  root://* | roots://* | xroot://* | xroots://*) xrdcp -f "$ALITPCDCALIBRES_LIST" alitpcdcalibres.txt || fail "cannot fetch $ALITPCDCALIBRES_LIST" ;;
  *) cp "$ALITPCDCALIBRES_LIST" alitpcdcalibres.txt || fail "cannot copy $ALITPCDCALIBRES_LIST" ;;
esac
exec "${run[@]}" "$@"
