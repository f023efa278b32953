#!/bin/bash
# Stand-in for AliDPG's first calibration pass: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_dpgCPass0.sh FILE EVENTS RUN CONDITIONS
# shellcheck source=makeflows/examples/reco/standin_pass.sh
source ./standin_pass.sh cpass0 "$@"
