#!/bin/bash
# Merges the QA results of simulation jobs with the QA train's macro.
#
#   aliprod_train_merge.sh LIST STAGE
#
# LIST is a collection (finalqa.xml) or a text file with one directory a line, STAGE the stage of the merging (5: final).
# The macro is train_merge.C or QAtrainsim.C of the working directory, else QA/QAtrainsim.C of AliDPG.
set -u

list=${1:?"usage: aliprod_train_merge.sh LIST STAGE"}
stage=${2:?"usage: aliprod_train_merge.sh LIST STAGE"}
export CONFIG_OCDB=${CONFIG_OCDB:-alien}
export CONFIG_RUN=${ALIEN_JDL_LPMRUNNUMBER:-}

fail() {
  echo "$*" | tee validation_error.message >&2
  exit "${status:-1}"
}

if [[ -f train_merge.C ]]; then
  call="train_merge.C(\"$list\",$stage)"
elif [[ -f QAtrainsim.C ]]; then
  call="QAtrainsim.C(${CONFIG_RUN:-0},\"$list\",$stage)"
elif [[ -f ${ALIDPG_ROOT:-}/QA/QAtrainsim.C ]]; then
  call="$ALIDPG_ROOT/QA/QAtrainsim.C(0,\"$list\",$stage)"
else
  fail "no train_merge.C, no QAtrainsim.C, and none in ALIDPG_ROOT (${ALIDPG_ROOT:-not set})"
fi

echo "aliroot: $(type -P aliroot || echo 'not in PATH')"
echo "ROOTSYS=${ROOTSYS:-} ALICE_ROOT=${ALICE_ROOT:-} LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}"
ulimit -a
export LD_LIBRARY_PATH=.:${LD_LIBRARY_PATH:-}

echo "$call begins"
status=0
aliroot -b -q -x "$call" || status=$?
echo "$call ended with exit status $status"
((status == 0)) || fail "$call ended with exit status $status"
