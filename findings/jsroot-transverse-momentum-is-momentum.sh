#!/bin/bash
# jsroot 7.11.2: Pt() of a four-vector of ROOT (ROOT::Math::LorentzVector with the coordinates PxPyPzE4D, the type XYZTVector) is
# the momentum |p| with all its three components, not the transverse one. jsroot adds these methods to the vectors that it
# reads, and an expression that draws a tree calls them, as in lepton.Pt(). So the spectrum of transverse momenta in the
# browser is another one than ROOT draws from the same file, and nothing looks broken. Perp2() beside it is right. Eta() is
# right for the vector, but NaN for its coordinates.
#
# Expected, by ROOT (ROOT::Math::PxPyPzE4D: Pt is the square root of Px^2 + Py^2): for Px = 3, Py = 4, Pz = 12, E = 14
# a Pt of 5, a P of 13 and an Eta of 1.6094. Seen:
#   vector       P 13, Pt 13, Eta 1.6094
#   coordinates  P 13, Pt 13, Eta NaN, Perp2 25
#
# Needs npm, tar and Node.js 20 or later. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=7.11.2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm pack --silent --ignore-scripts "jsroot@$VERSION" >/dev/null 2>&1 || { echo "cannot download jsroot $VERSION"; exit 2; }
tar -xzf "jsroot-$VERSION.tgz" || exit 2

cat >vector.mjs <<'NODE'
import { parse } from './package/modules/core.mjs';

// The form in which ROOT's TBufferJSON writes an XYZTVector.
const type = 'ROOT::Math::PxPyPzE4D<double>';
const vector = parse(JSON.stringify({
  _typename: `ROOT::Math::LorentzVector<${type}>`,
  fCoordinates: { _typename: type, fX: 3, fY: 4, fZ: 12, fT: 14 },
}));
const round = (value) => value.toFixed(4);
const tell = (name, v) => console.log(`${name}: P ${v.P()}, Pt ${v.Pt()}, Eta ${round(v.Eta())}, Phi ${round(v.Phi())}`);
tell('vector', vector);
tell('coordinates', vector.fCoordinates);
console.log(`Perp2 ${vector.fCoordinates.Perp2()}`);
NODE
timeout 60 node vector.mjs >seen 2>&1 || { cat seen; exit 2; }
echo "jsroot $VERSION, Px 3, Py 4, Pz 12, E 14:"
cat seen
grep -qx 'Perp2 25' seen || exit 2
grep -qx 'vector: P 13, Pt 13, Eta 1.6094, Phi 0.9273' seen &&
  grep -qx 'coordinates: P 13, Pt 13, Eta NaN, Phi 0.9273' seen || exit 1
