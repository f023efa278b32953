#!/bin/bash
# jsroot 7.11.2: Fill() of a histogram takes its axis for one with equal bins, also when it has variable bins, as spectra of
# the transverse momentum mostly have. The entry goes to another bin than in ROOT, without an error. Nor does Fill() add to the
# sums of squared weights, so the bars of error of a weighted histogram stay as they were: 0 in a new one. And a
# TH1C or TH1S that is full goes round to negative numbers.
#
# Expected, by ROOT (TAxis::FindBin; Sumw2: the error is the root of the sum of the squared weights; TH1S::AddBinContent stops
# at 32767): one entry each in the bins of 0.5, 5 and 30, an error of 2 for a weight of 2, and 32767.
# Seen, with the edges 0, 1, 10, 50 and 100:
#   Fill(0.5), Fill(5), Fill(30, 2)   contents 2 2 0 0 instead of 1 1 2 0
#   the errors                        0 0 0 0 instead of 1 1 2 0
#   TH1S, 40000 times Fill(0.5)       -25536
#
# Needs npm, tar and Node.js 20 or later. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=7.11.2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm pack --silent --ignore-scripts "jsroot@$VERSION" >/dev/null 2>&1 || { echo "cannot download jsroot $VERSION"; exit 2; }
tar -xzf "jsroot-$VERSION.tgz" || exit 2

cat >fill.mjs <<'NODE'
import { createHistogram } from './package/modules/core.mjs';

/** A histogram with these edges, and with the sums of squared weights. */
function histogram(type, edges) {
  const made = createHistogram(type, edges.length - 1);
  Object.assign(made.fXaxis, { fXmin: edges[0], fXmax: edges.at(-1), fXbins: Float64Array.from(edges) });
  made.fSumw2 = new Float64Array(edges.length + 1);
  return made;
}
function show(name, edges) {
  const made = histogram('TH1D', edges);
  made.Fill(0.5);
  made.Fill(5);
  made.Fill(30, 2);
  const bins = [1, 2, 3, 4];
  console.log(`${name}: contents ${bins.map((bin) => made.getBinContent(bin)).join(' ')}`);
  console.log(`${name}: errors ${bins.map((bin) => made.getBinError(bin)).join(' ')}`);
}
show('equal', [0, 25, 50, 75, 100]);
show('variable', [0, 1, 10, 50, 100]);
const full = histogram('TH1S', [0, 1]);
for (let i = 0; i < 40000; i++) full.Fill(0.5);
console.log(`TH1S: ${full.getBinContent(1)}, entries ${full.fEntries}`);
NODE
timeout 60 node fill.mjs >seen 2>&1 || { cat seen; exit 2; }
echo "jsroot $VERSION:"
cat seen
grep -qx 'equal: contents 2 2 0 0' seen || exit 2
for line in 'variable: contents 2 2 0 0' 'variable: errors 0 0 0 0' 'TH1S: -25536, entries 40000'; do
  grep -qx -- "$line" seen || exit 1
done
