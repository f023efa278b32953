#!/bin/bash
# Environment of the example's payloads, sourced before each of them (EnvironmentCommand in gpmc_override.jdl).
# A real one would load AliPhysics. This one says which stand-in release is in use; the payloads refuse to run without it.
export ALIPHYSICS_STANDIN_RELEASE="standin-1"
