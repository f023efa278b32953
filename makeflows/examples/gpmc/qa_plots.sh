#!/bin/bash
# Stand-in for the quality assurance plots: no AliPhysics, no ROOT. See README.md.
#
# Usage: qa_plots.sh FILE... (merged files, or the archive that holds them). Draws every histogram as qa_plots/*.svg and
# writes the counts to qa_plots/summary.txt. Files that are not there are said and left out; none at all is an error.

export LC_ALL=C
# shellcheck source=makeflows/examples/gpmc/standin_fetch.sh
source ./standin_fetch.sh || exit 1
# shellcheck source=makeflows/examples/gpmc/standin_root.sh
source ./standin_root.sh || exit 1

fatal() {
  echo "F-QaPlots: $*"
  exit 1
}

[ $# -gt 0 ] || fatal "usage: qa_plots.sh FILE..."
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
echo "* qa_plots.sh (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname)"
sleep "${RELVAL_DEMO_SECONDS:-1}"
mkdir -p qa_plots merged || fatal "cannot make qa_plots in $PWD"

for address in "$@"; do
  name=$(path_of "$address")
  name=${name##*/}
  if ! fetch "$address" "merged/$name"; then
    echo "I-QaPlots: not there: $address"
  elif [ "${name%.zip}" != "$name" ]; then
    unzip -o -q "merged/$name" -d merged || fatal "$name cannot be unpacked"
  fi
done

plotted=0
for file in merged/*.root; do
  [ -f "$file" ] || continue
  name=${file##*/}
  records "$file" >"$file.records"
  awk -v prefix="${name%.root}" -f standin_plot.awk "$file.records" >>qa_plots/summary.txt || fatal "$name cannot be plotted"
  echo "I-QaPlots: plotted $name"
  plotted=$((plotted + 1))
done
rm -rf merged
[ $plotted -gt 0 ] || fatal "none of the $# files is there: nothing to plot"
awk '
  { value[$1] = $2 }
  END {
    if (value["reconstructed_tracks"] > 0) printf "mean_pt_GeV %.3f\n", value["sum_pt_MeV"] / value["reconstructed_tracks"] / 1000
    if (value["simulated_tracks"] > 0) printf "efficiency %.3f\n", value["reconstructed_tracks"] / value["simulated_tracks"]
  }
' qa_plots/summary.txt >qa_plots/means.txt && cat qa_plots/means.txt >>qa_plots/summary.txt && rm -f qa_plots/means.txt
echo "I-QaPlots: $(find qa_plots -name '*.svg' | wc -l) plots"
