#!/bin/bash
# Stand-in for AliDPG's physics pass: no AliPhysics, no ROOT. See README.md.
#
# Usage: aliroot_dpgPPass.sh FILE
# shellcheck source=makeflows/examples/reco/standin_pass.sh
source ./standin_pass.sh ppass "$@"
