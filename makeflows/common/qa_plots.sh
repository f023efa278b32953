#!/bin/bash
# Makes the quality-assurance plots of every detector from merged QA results.
#
#   qa_plots.sh FILE...
#
# FILE is a ROOT file or a zip archive of them, a path or a root:// address; files that do not exist are left out. The
# plots are made by the functions in $ALICE_PHYSICS/PWGPP/QA/detectorQAscripts/DETECTOR.sh, each detector in
# qa_plots/DETECTOR/YEAR/PERIOD/PASS/RUN. ALIEN_JDL_QADETECTORINCLUDE and ALIEN_JDL_QADETECTOREXCLUDE name detectors,
# with blanks between them.
set -u

fail() {
  echo "qa_plots.sh: $*" >&2
  exit 1
}

is_address() { # PLACE: of an XRootD server
  [[ $1 =~ ^x?roots?:// ]]
}

without_parameters() { # PLACE: an address has them behind a question mark
  if is_address "$1"; then echo "${1%%\?*}"; else echo "$1"; fi
}

: "${ALICE_PHYSICS:?qa_plots.sh: ALICE_PHYSICS is not set: the environment has no AliPhysics}"
scripts=$ALICE_PHYSICS/PWGPP/QA/detectorQAscripts
[[ -d $scripts ]] || fail "no detector scripts in $scripts"

# The detectors' functions read these two.
export ocdbStorage=raw://
export runNumber=${ALIEN_JDL_LPMANCHORRUN:-${ALIEN_JDL_LPMRUNNUMBER:-}}
[[ $runNumber =~ ^[0-9]+$ ]] || fail "neither ALIEN_JDL_LPMANCHORRUN nor ALIEN_JDL_LPMRUNNUMBER is a run number"
run=${ALIEN_JDL_LPMRUNNUMBER:-$runNumber}

# .../QAplots_CPass1 → cpass1
[[ $(without_parameters "${ALIEN_JDL_OUTPUTDIR:-}") =~ (^|/)QAplots_([^/]+)(/|$) ]] || fail "no QAplots_PASS in ALIEN_JDL_OUTPUTDIR"
pass=$(tr '[:upper:]' '[:lower:]' <<<"${BASH_REMATCH[2]}")

# LHC17l5 → 2017
period=${ALIEN_JDL_LPMPRODUCTIONTAG:-}
[[ $period =~ ^LHC([0-9][0-9]) ]] || fail "ALIEN_JDL_LPMPRODUCTIONTAG '$period' does not begin with LHC and a year"
year=20${BASH_REMATCH[1]}
((10#${BASH_REMATCH[1]} >= 90)) && year=19${BASH_REMATCH[1]}
place=$(printf '%s/%s/%s/%09d' "$year" "$period" "$pass" "$((10#$run))")

fetch() { # FILE NAME: into the working directory
  if is_address "$1"; then xrdcp -f "$1" "./$2"; else [[ $1 -ef ./$2 ]] || cp "$1" "./$2"; fi
}

qa='' qaOuter='' trees='' eventStat='' eventStatOuter=''
take() { # FILE: the last one of a kind counts
  case ${1##*/} in
    QAresults.root | QAresults_merged.root | QAresults_barrel.root) qa=$1 ;;
    QAresults_outer.root) qaOuter=$1 ;;
    FilterEvents_Trees.root) trees=$1 ;;
    event_stat.root | event_stat_barrel.root) eventStat=$1 ;;
    event_stat_outer.root) eventStatOuter=$1 ;;
  esac
}

for file in "$@"; do
  name=$(without_parameters "$file")
  name=${name##*/}
  if ! fetch "$file" "$name" >fetch.out 2>&1; then
    echo "not there: $file"
    continue
  fi
  if [[ $name == *.zip ]]; then
    unzip -o -q "$name" -d "${name%.zip}" || fail "$name cannot be unpacked"
    for member in "$PWD/${name%.zip}"/*.root; do take "$member"; done
  else
    take "$PWD/$name"
  fi
done
rm -f fetch.out
echo "QA: ${qa:-none}, outer QA: ${qaOuter:-none}, trees: ${trees:-none}"
echo "event statistics: ${eventStat:-none}, outer event statistics: ${eventStatOuter:-none}"
[[ $qa$qaOuter$trees$eventStat$eventStatOuter ]] || fail "none of the input files is there: nothing to plot"

plot() { # FUNCTION FILE: in a shell of its own, so that no detector's settings reach another
  local status=0
  (
    # shellcheck disable=SC1090
    source "$script" || true
    declare -F "$1" >/dev/null || exit 0
    echo "$detector: $1 begins"
    "$1" "$2" >"$1.log" 2>&1
  ) || status=$?
  ((status == 0)) || echo "$detector: $1 failed with exit status $status, see $1.log"
}

for script in "$scripts"/*.sh; do
  [[ -e $script ]] || fail "no detector scripts in $scripts"
  detector=${script##*/}
  detector=${detector%.sh}
  [[ -z ${ALIEN_JDL_QADETECTORINCLUDE:-} || " $ALIEN_JDL_QADETECTORINCLUDE " == *" $detector "* ]] || continue
  [[ -z ${ALIEN_JDL_QADETECTOREXCLUDE:-} || " $ALIEN_JDL_QADETECTOREXCLUDE " != *" $detector "* ]] || continue
  mkdir -p "qa_plots/$detector/$place"
  pushd "qa_plots/$detector/$place" >/dev/null || exit 1
  [[ $qa ]] && plot runLevelQA "$qa"
  [[ $qaOuter ]] && plot runLevelQAouter "$qaOuter"
  [[ $trees ]] && plot runLevelHighPtTreeQA "$trees"
  [[ $eventStat ]] && plot runLevelEventStatQA "$eventStat"
  [[ $eventStatOuter ]] && plot runLevelEventStatQAouter "$eventStatOuter"
  if [[ $qa && ! -e trending.root ]]; then
    macro="$ALICE_PHYSICS/PWGPP/macros/simpleTrending.C"
    root -b -q -l "$macro(\"$qa\",$runNumber,\"$detector\",\"trending.root\",\"trending\",\"recreate\")" \
      >simpleTrending.log 2>&1 || echo "$detector: simpleTrending failed, see simpleTrending.log"
  fi
  popd >/dev/null || exit 1
  rmdir "qa_plots/$detector/$place" 2>/dev/null || true
done
echo "QA plots are made"
