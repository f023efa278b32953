#!/bin/bash
# Stand-in for AliDPG's merging of the second calibration pass: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_dpgMergeMakeOCDB_CPass1.sh COLLECTION RUN local://DIRECTORY KEY=VALUE...
# shellcheck source=makeflows/examples/reco/standin_ocdb.sh
source ./standin_ocdb.sh "$@"
