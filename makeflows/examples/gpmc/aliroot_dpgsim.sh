#!/bin/bash
# Stand-in for AliDPG's aliroot_dpgsim.sh: no AliPhysics, no ROOT. See README.md.
#
# Takes the arguments of the real one, simulates a few collisions from the seed with awk, reconstructs them, and writes
# the logs and the files that later stages read. Files with histograms are ROOT files; others named *.root hold plain
# text. Same seed: same files.
#
# Environment: ALIPHYSICS_STANDIN_RELEASE (local_environment.sh), ALIEN_JDL_LPMRUNNUMBER, ALIEN_JDL_LPMPRODUCTIONTYPE;
# optional RELVAL_DEMO_FAIL (indices of jobs that crash, with commas between them), RELVAL_DEMO_SECONDS (default 1),
# RELVAL_DEMO_SHIFT (share by which momenta are too large).

export LC_ALL=C
# shellcheck source=makeflows/examples/gpmc/standin_root.sh
source ./standin_root.sh || exit 1

fatal() {
  echo "F-dpgsim: $*"
  exit 1
}

run='' mode='' uid='' nevents='' generator='' trigger='' ocdb='' seed=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fatal "option $1 needs a value"
  case $1 in
    --run) run=$2 ;;
    --mode) mode=$2 ;;
    --uid) uid=$2 ;;
    --nevents) nevents=$2 ;;
    --generator) generator=$2 ;;
    --trigger) trigger=$2 ;;
    --ocdb) ocdb=$2 ;;
    --seed) seed=$2 ;;
    *) fatal "unknown option $1 (known: --run --mode --uid --nevents --generator --trigger --ocdb --seed)" ;;
  esac
  shift 2
done

number() {
  case $2 in
    '' | *[!0-9]*) fatal "option $1 needs a whole number, not '$2'" ;;
  esac
}
number --run "$run"
number --uid "$uid"
number --nevents "$nevents"
number --seed "$seed"
[ "$mode" = full ] || fatal "mode '$mode' is not supported, only full"
[ -n "$ALIPHYSICS_STANDIN_RELEASE" ] || fatal "environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset (source local_environment.sh)"
[ "$ALIEN_JDL_LPMPRODUCTIONTYPE" = MC ] || fatal "ALIEN_JDL_LPMPRODUCTIONTYPE is '$ALIEN_JDL_LPMPRODUCTIONTYPE', not MC"
[ "$ALIEN_JDL_LPMRUNNUMBER" = "$run" ] || fatal "--run $run, but ALIEN_JDL_LPMRUNNUMBER is '$ALIEN_JDL_LPMRUNNUMBER'"
[ -r "$trigger" ] || fatal "trigger configuration '$trigger' cannot be read (--trigger)"
[ -r "$ocdb" ] || fatal "conditions '$ocdb' cannot be read (--ocdb)"
for program in standin_simulate.awk standin_reconstruct.awk; do
  [ -r "$program" ] || fatal "$program cannot be read in $PWD"
done
seconds=${RELVAL_DEMO_SECONDS:-1}

echo "* aliroot_dpgsim.sh (stand-in $ALIPHYSICS_STANDIN_RELEASE) on $(hostname)"
echo "* packages: ${ALIEN_JDL_PACKAGES:-none}"
echo "* run $run, job $uid, $nevents events of $generator, seed $seed"

# stage NAME COMMAND...: runs COMMAND, which logs to NAME.log, and ends the job when it fails.
stage() {
  local name=$1
  shift
  echo "* $name: started"
  "$@"
  local status=$?
  if [ $status -ne 0 ]; then
    echo "E-dpgsim: $name ended with exit status $status, see $name.log"
    exit $status
  fi
  echo "* $name: done"
}

simulate() {
  awk -v log_file=sim.log -v run="$run" -v uid="$uid" -v nevents="$nevents" -v generator="$generator" -v seed="$seed" \
    -v seconds="$seconds" -f standin_simulate.awk "$ocdb" "$trigger"
}

reconstruct() {
  awk -v log_file=rec.log -v run="$run" -v uid="$uid" -v seed="$seed" -v shift="${RELVAL_DEMO_SHIFT:-0}" \
    -f standin_reconstruct.awk "$ocdb" galice.root Kinematics.root || return
  root_files QAresults.root AODQA.root PtResHistograms.root event_stat.root || return
  case ,$RELVAL_DEMO_FAIL, in
    *,"$uid",*) crash ;;
  esac
}

# What a real reconstruction leaves behind when it dies: a stack trace in its log, none of its files, and the exit
# status of a process that signal 11 ended.
crash() {
  rm -f AliESDs.root AliAOD.root AODQA.root PtResHistograms.root QAresults.root event_stat.root \
    trending.root FilterEvents_Trees.root
  cat >>rec.log <<'TRACE'
 *** Break *** Segmentation violation
===========================================================
There was a crash.
This is the entire stack trace of all threads:
===========================================================
#0  0x00007f2c8a1e46c2 in waitpid () from /lib64/libc.so.6
#1  0x00007f2c8a1628a9 in do_system () from /lib64/libc.so.6
#2  0x00007f2c8b9d7c1e in TUnixSystem::StackTrace() () from libCore.so
#3  <signal handler called>
#4  0x00007f2c7d03f2a4 in AliTPCtracker::FollowProlongation(AliTPCseed&, int, int) () from libTPCrec.so
#5  0x00007f2c7d0441b7 in AliTPCtracker::Clusters2Tracks() () from libTPCrec.so
#6  0x00007f2c85c6a0f3 in AliReconstruction::RunTracking(AliESDEvent*&, AliESDpid&) () from libSTEER.so
#7  0x00007f2c85c61d5e in AliReconstruction::ProcessEvent(int) () from libSTEER.so
===========================================================
TRACE
  return 139
}

# The small stages that only look at what the reconstruction wrote.
tag() {
  awk -v run="$run" '
    NR == 1 { print }
    /^entry header/ { print "entry tag", run, $3, $4, $5; tags++ }
    END { print "I-AliTagCreator: " tags + 0 " event tags written" > "tag.log" }
  ' AliESDs.root >"Run${run}_$uid.ESD.tag.root"
}

check() {
  local events
  events=$(grep -c '^entry header' AliESDs.root)
  echo "I-CheckESD: $events events in AliESDs.root, $nevents were simulated" >check.log
  [ "$events" -eq "$nevents" ] || echo "E-CheckESD: $((nevents - events)) events are lost" >>check.log
  [ "$events" -eq "$nevents" ]
}

# holds FILE KIND LOG: FILE has at least one record of that kind.
holds() {
  if records "$1" 2>>"$3" | grep -q "^$2 "; then
    echo "I-Check: $1: $(records "$1" | grep -c "^$2 ") $2 records" >>"$3"
  else
    echo "E-Check: $1 holds no $2 record" >>"$3"
    return 1
  fi
}

qa() {
  : >qa.log
  holds QAresults.root histogram qa.log && holds event_stat.root count qa.log && holds trending.root entry qa.log
}

aod() {
  : >aod.log
  holds AliAOD.root entry aod.log && holds AODQA.root histogram aod.log
}

stage sim simulate
stage rec reconstruct
stage tag tag
stage check check
stage qa qa
stage aod aod
echo "* job $uid done"
