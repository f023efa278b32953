#!/bin/bash
# A small analysis, in the place of one that reads real data: fills a histogram with the sums of random numbers.
#
#   analysis.sh INPUT       the name of the input is the seed, and how often to fill it is in settings.conf, where there is one
set -eu
export LC_ALL=C

input=${1:?"usage: analysis.sh INPUT"}
events=1000
if [[ -e settings.conf ]]; then
  read -r events <settings.conf
fi
case $input in
  *broken*) echo "E-Analysis: $input cannot be read: Segmentation violation" >&2; exit 3 ;;
esac

seed=$(cksum <<<"${input##*/}" | cut -d' ' -f1)
echo "analysing ${input##*/}: $events events"
awk -v seed="$seed" -v events="$events" '
  BEGIN {
    srand(seed % 65536)
    for (i = 0; i < events; i++) { sum = 0; for (j = 0; j < 6; j++) sum += rand(); bins[int(sum * 2)]++ }
    for (bin in bins) print bin, bins[bin]
  }' | sort -n >histogram.txt
echo "filled $(wc -l <histogram.txt) bins"
