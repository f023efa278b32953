#!/bin/bash
# Stand-in for AliDPG's merging of the first calibration pass: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_dpgMergeMakeOCDB_CPass0.sh COLLECTION RUN local://DIRECTORY KEY=VALUE...
# shellcheck source=makeflows/examples/reco/standin_ocdb.sh
source ./standin_ocdb.sh "$@"
