#!/bin/bash
# Runs one step of a release validation where the step's payload runs: copies its inputs into a directory of its own,
# sets up the environment, runs the payload, transfers the outputs, and says in ID.result.json how that went.
#
# Usage: relval-step.sh STAGE-FILE ID INDEX       (docs/step.md describes files, fields and exit statuses)
#
# What differs from stage to stage stands in STAGE-FILE, and what differs from step to step in STAGE-FILE's .steps
# list: as data, quoted by the generator. Nothing is substituted into this text.
#
# It must run on SLC6: bash 4.1, coreutils 8.4, grep 2.6, findutils 4.4. zip, unzip, tar and xrdcp are needed only by the
# steps that use them. Every global name begins with rv_, because the payload's environment is set up in this shell.

# Functions are called by their names, out of stage files, traps and rv_guarded:
# shellcheck disable=SC2317

# Exit statuses. 0: the payload ran, whatever became of it, or was skipped. All others make makeflow try again.
readonly rv_exit_usage=64 rv_exit_input=65 rv_exit_environment=66 rv_exit_output=67 rv_exit_disk_full=68
readonly rv_exit_refused=69
readonly rv_attempts=5
readonly rv_result_room=4096 # bytes of ID.result.json that no list of outputs needs
readonly rv_address='^x?roots?://' # of XRootD, as validation/files/places.ts has it

# What a stage file sets, with the values that hold where it does not.
rv_stage_name=
rv_executable=
rv_executable_path=
rv_packages=             # for alienv, joined by commas
rv_alienv=
rv_environment_command=
rv_wall_time=            # seconds
rv_environment_limit=900 # seconds for all that is done before the payload; less where the payload itself has less
rv_after_limit=1800      # seconds for all that comes after the payload: its logs, archives and transfers
rv_copy_timeout=100      # seconds for one transfer
rv_copy_jobs=15          # transfers at once
rv_copy_pause=5          # seconds before the second attempt, twice that before the third, …
rv_log_limit=10485760    # bytes of one log in ID.logs
rv_logs_limit=104857600  # bytes of all of them
rv_output_limit=268435456 # bytes of ID.stdout.log, and of ID.stderr.log, that come back
rv_save_all=
rv_dont_archive=
rv_blocking=             # not empty: when this step fails, those that wait for it must not run
rv_inputs=()             # four words each: kind (local, worker, xrootd), where from, name, unpack or nothing
rv_outputs=()            # two words each: archive or nothing, pattern
rv_optional_members=     # not empty: what an archive's list names need not be there
rv_expects=()
rv_hands_on=()           # two words each: file, the name it is handed on under
rv_waits=()              # the waited-for steps that may block this one
rv_makers=()             # three words each: where an input comes from, the step that stores it there, under which name
rv_set_variables() { :; }
rv_set_environment() { :; }
rv_set_arguments() { rv_arguments=(); }
rv_set_output_dir() { rv_output_dir=''; }

# What the list of steps sets.
rv_input_file=
rv_extra_arguments=()

# HTCondor shows a job's environment to everybody: what steps get by it elsewhere comes there in files of their own.
for rv_reply in relval-environment "relval-token.$2"; do
  # shellcheck source=/dev/null
  [[ $_CONDOR_SCRATCH_DIR && -f $rv_reply ]] && . "./$rv_reply" && rm -f -- "$rv_reply"
done

# HOST:PORT of who receives live logs, and the token by which this step is known there; what must not be seen in what this
# script writes itself, a text a line. They are this script's, not the payload's.
rv_logs=$RELVAL_LOGS rv_token=$RELVAL_TOKEN rv_masks=$RELVAL_MASKS
unset RELVAL_LOGS RELVAL_TOKEN RELVAL_MASKS

export LANG=C LANGUAGE=C LC_ALL=C LC_COLLATE=C LC_CTYPE=C LC_MESSAGES=C LC_MONETARY=C LC_NUMERIC=C LC_TIME=C
shopt -u patsub_replacement 2>/dev/null # since bash 5.2 an & in a replacement would stand for the match

# The worker's connection to its manager is inherited. As long as anybody holds it open the manager cannot see that the
# worker has died, and waits for this step instead of giving it to another worker.
rv_close_inherited() {
  local rv_path rv_number
  for rv_path in "/proc/$$/fd"/*; do
    rv_number=${rv_path##*/}
    [[ $rv_number -gt 2 && ! $rv_path -ef ${BASH_SOURCE[0]} ]] && eval "exec $rv_number>&-"
  done
}

# Defines the functions of the second part of this script. Only few steps need them, and to parse them takes time.
rv_more() {
  [[ ! $rv_has_more ]] || return 0
  local rv_text
  printf -v rv_text %s "${rv_second_part[@]}" && eval "$rv_text" && rv_has_more=1
}
