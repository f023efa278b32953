#!/bin/bash
# Stand-in for the merging of quality assurance after a reconstruction pass, see README.md: that of the Monte Carlo
# example, for the files that the pass leaves.
#
# Usage: train_merge.sh LIST STAGE

case $ALIEN_JDL_OUTPUTDIR in
  */cpass1_pass1) export STANDIN_QA_FILES="QAresults_barrel.root QAresults_outer.root" ;;
esac
exec bash ./aliprod_train_merge.sh "$@"
