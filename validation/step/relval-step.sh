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

# Defines what stands behind the first part of this script, for the few steps that need it: most end before bash would have read it.
rv_more() {
  [[ ! $rv_has_more ]] || return 0
  local rv_lines IFS=
  mapfile -s "$rv_first_part" rv_lines </proc/self/fd/7 && eval "${rv_lines[*]}" && rv_has_more=1
}

# --- words and numbers ------------------------------------------------------------------------------------------------

# The clock is read once. What follows goes by the time since the machine's start: so no duration changes when the clock is
# set, and no process is needed.
rv_start_clock() {
  local rv_zone
  # since bash 5 the shell knows the time itself
  if [[ ${EPOCHREALTIME-} ]]; then printf -v rv_clock '%s000%(%z)T' "${EPOCHREALTIME/./}"; else rv_clock=$(date +%s%N%z); fi
  [[ $rv_clock =~ ^[0-9]{19}[+-][0-9]{4}$ ]] || exit "$rv_exit_usage" # date was killed, and said nothing
  rv_zone=${rv_clock: -5}
  ((rv_zone_seconds = 10#${rv_zone:1:2} * 3600 + 10#${rv_zone:3:2} * 60))
  [[ $rv_zone == -* ]] && ((rv_zone_seconds = -rv_zone_seconds))
  rv_clock=${rv_clock%???????????}
  rv_ticks
  ((rv_clock -= rv_reply * 10))
}

rv_ticks() { # sets rv_reply to the hundredths of a second since the machine's start
  read -r rv_reply _ </proc/uptime && rv_reply=$((10#${rv_reply/./}))
}

rv_now() { # sets rv_reply to ms since 1970
  rv_ticks && ((rv_reply = rv_clock + rv_reply * 10))
}

rv_replace() { # NAME FROM TO: the base name of the input file with every FROM replaced, into the variable NAME
  local rv_rest=${rv_input_file##*/} rv_done=''
  while [[ $rv_rest == *"$2"* ]]; do
    rv_done+=${rv_rest%%"$2"*}$3
    rv_rest=${rv_rest#*"$2"}
  done
  printf -v "$1" %s "$rv_done$rv_rest"
}

rv_string() { # TEXT: sets rv_reply to it as a JSON string; control characters other than tab and line feed become ?
  rv_reply=\"$1\"
  [[ $1 == *[\\\"[:cntrl:]]* ]] || return 0
  rv_reply=${1//\\/\\\\}
  rv_reply=${rv_reply//\"/\\\"}
  rv_reply=${rv_reply//$'\n'/\\n}
  rv_reply=${rv_reply//$'\t'/\\t}
  rv_reply=\"${rv_reply//[[:cntrl:]]/?}\"
}

rv_strings() { # TEXT…: sets rv_reply to a JSON list of strings
  rv_reply=[]
  [[ $# -gt 0 ]] || return 0
  local rv_list='' rv_text
  for rv_text in "$@"; do
    rv_string "$rv_text"
    rv_list+=${rv_list:+, }$rv_reply
  done
  rv_reply=[$rv_list]
}

# FILE: sets rv_reply to its size in bytes, to -1 where there is none. A short text is read to count its bytes, because that
# needs no process.
rv_size() {
  rv_reply=0
  [[ -f $1 && ! -s $1 ]] || rv_count_bytes "$1"
}

rv_count_bytes() {
  local LC_ALL=C rv_text=''
  if [[ -f $1 ]]; then
    IFS= read -r -d '' -n 1024 rv_text <"$1" || rv_reply=${#rv_text}
    ((rv_reply == 0)) || return 0
  fi
  rv_reply=$(exec stat -L -c %s -- "$1") || rv_reply=-1
} 2>/dev/null

# Our targets are files, whatever the payload has put in their places: a worker that meets a named pipe hangs, and the step
# would be given to one after the other. Of what the payload prints its own name for it may still be there.
rv_restore() {
  local rv_name rv_target
  for rv_name in stdout.log stderr.log logs validation_report.txt result.json; do
    [[ -f $rv_top/$rv_id.$rv_name && ! -L $rv_top/$rv_id.$rv_name ]] && continue
    rv_target=$rv_top/$rv_id.$rv_name
    rm -rf -- "$rv_target"
    [[ -f $rv_job/$rv_name && ! -L $rv_job/$rv_name ]] && ln -- "$rv_job/$rv_name" "$rv_target" && continue
    : >"$rv_target"
  done
} 2>/dev/null

rv_mask() { # TEXT: sets rv_reply to it, masked
  rv_reply=$1
  [[ $1 && $rv_masks ]] || return 0
  local LC_ALL=C rv_rest=$rv_masks rv_one rv_stars
  while [[ $rv_rest && $rv_reply ]]; do
    rv_one=${rv_rest%%$'\n'*}
    rv_rest=${rv_rest:${#rv_one}+1}
    rv_stars=${rv_one//?/*}
    [[ ! $rv_one ]] || rv_reply=${rv_reply//"$rv_one"/$rv_stars}
  done
}

rv_say() { # MESSAGE: into this script's own log, which comes back with the others
  local rv_reply rv_time
  rv_now && ((rv_time = rv_reply / 1000 + rv_zone_seconds))
  rv_mask "$1"
  printf '%02d:%02d:%02d %s\n' $((rv_time / 3600 % 24)) $((rv_time / 60 % 60)) $((rv_time % 60)) "$rv_reply" >>"$rv_own/relval-step.log"
}

rv_last_line() { # FILE: sets rv_reply to the last line with something in it of a tool's error messages
  rv_reply=$(tr '\r' '\n' 2>/dev/null <"$1" | grep -a '[^[:space:]]' | tail -n 1 | cut -b -300)
}

# --- the result -------------------------------------------------------------------------------------------------------

rv_phase=input rv_status=null rv_signal='' rv_message='' rv_interrupted=false rv_timed_out=false
rv_end=null rv_payload_start=null rv_payload_end=null rv_cpu_time=null rv_input_bytes=0 rv_output_dir=
rv_peak_memory=null rv_out_of_memory=false rv_silent_bytes=0 rv_unmade='' rv_error_bytes='' rv_probes=0
rv_has_more=''
rv_unread=() rv_core_dumps=() rv_missing=() rv_empty=() rv_lacking=() rv_cut_off=() rv_out_files=() rv_out_names=() rv_out_sizes=()

# Keys and values that all results of this execution have in common: the step, and where it runs.
rv_describe() {
  local rv_cores=null rv_worker
  [[ $CORES =~ ^[0-9]+(\.[0-9]+)?$ ]] && rv_cores=$CORES
  rv_string "${WORK_QUEUE_SANDBOX:-$_CONDOR_SCRATCH_DIR}" && rv_worker=$rv_reply
  rv_string "$HOSTNAME"
  rv_this_place=(host "$rv_reply" worker "$rv_worker" cores "$rv_cores")
  rv_string "$rv_stage_name"
  rv_this_step=(schema '"relval-result-1"' step "\"$rv_id\"" execution "\"$rv_execution\"" stage "$rv_reply" index $((10#$rv_index)))
}

# One key a line, so that grep can read it. The file has room from the beginning, and is written over in one go, which needs no
# process and no other room on the disk. Spaces follow its text.
rv_write_result() {
  local rv_blocks=false rv_output_list='' rv_output_bytes=0 rv_i rv_text rv_directory rv_lists rv_file=$rv_top/$rv_id.result
  [[ ($rv_phase == skipped && ! $rv_unmade) || ($rv_blocking && $rv_phase != "done") ]] && rv_blocks=true
  for ((rv_i = 0; rv_i < ${#rv_out_names[@]}; rv_i++)); do
    rv_string "${rv_out_names[rv_i]}"
    rv_output_list+="${rv_output_list:+, }{\"name\": $rv_reply, \"size\": ${rv_out_sizes[rv_i]}}"
    ((rv_output_bytes += rv_out_sizes[rv_i]))
  done
  rv_string "$rv_output_dir" && rv_directory=$rv_reply
  rv_strings "${rv_missing[@]}" && rv_lists=(missing "$rv_reply")
  rv_strings "${rv_empty[@]}" && rv_lists+=(empty "$rv_reply")
  rv_strings "${rv_lacking[@]}" && rv_lists+=(lacking "$rv_reply")
  rv_strings "${rv_cut_off[@]}" && rv_lists+=(cutOff "$rv_reply")
  rv_strings "${rv_unread[@]}" && rv_lists+=(unread "$rv_reply")
  rv_strings "${rv_core_dumps[@]}" && rv_lists+=(coreDumps "$rv_reply")
  rv_mask "$rv_message" && rv_string "$rv_reply" && rv_lists+=(message "$rv_reply")
  printf -v rv_text ',\n"%s": %s' \
    "${rv_this_step[@]}" phase "\"$rv_phase\"" blocking "$rv_blocks" \
    exitStatus "$rv_status" signal "${rv_signal:-null}" timedOut "$rv_timed_out" interrupted "$rv_interrupted" \
    start "$rv_start" end "$rv_end" payloadStart "$rv_payload_start" payloadEnd "$rv_payload_end" \
    cpuTime "$rv_cpu_time" peakMemory "$rv_peak_memory" outOfMemory "$rv_out_of_memory" "${rv_this_place[@]}" \
    outputDir "$rv_directory" inputBytes "$rv_input_bytes" outputBytes "$rv_output_bytes" outputs "[$rv_output_list]" "${rv_lists[@]}"
  rv_text="{${rv_text#,}"$'\n}'
  if [[ ${#rv_text} -lt $rv_result_room && ! -L $rv_file.json && (-f $rv_file.json || ! -e $rv_file.json) ]]; then
    printf '%-*s\n' $((rv_result_room - 1)) "$rv_text" 1<>"$rv_file.json"
  else
    rm -rf -- "$rv_file.tmp" && printf '%-*s\n' $((rv_result_room - 1)) "$rv_text" >"$rv_file.tmp" && mv -f -- "$rv_file.tmp" "$rv_file.json"
  fi
}

# of the worker: not even a few kB can be written where the step runs, or there is no place for another file
rv_disk_is_full() {
  [[ -d $rv_own && -w $rv_own ]] || return
  ((++rv_probes))
  : >"$rv_own/probe.$rv_probes" || return 0
  ! rv_reserve
} 2>/dev/null

rv_reserve() { # room to write what is known when the disk is full
  printf '%65536s' '' >>"$rv_own/reserve"
}

# EXIT-STATUS PHASE MESSAGE: the infrastructure failed. Leaves all that there is, and makes makeflow try again.
rv_give_up() {
  local rv_exit=$1
  rv_phase=$2 rv_message=$3
  if rv_disk_is_full; then
    rv_exit=$rv_exit_disk_full
    rv_message="the worker's disk is full${3:+: $3}"
    # how a payload ends for want of room says nothing of it
    rv_status=null rv_signal='' rv_timed_out=false
  fi
  rv_say "$rv_message"
  rv_finish "$rv_exit"
}

rv_finish() { # EXIT-STATUS: all targets, then the end
  local rv_exit=$1 rv_lost=''
  cd "$rv_top" || exit "$rv_exit_usage"
  : >"$rv_own/reserve"
  rv_restore
  [[ ! -e $rv_own/streaming.stdout && ! -e $rv_own/streaming.stderr ]] || { rv_more && rv_await_receiver; }
  rv_shorten stdout.log
  rv_shorten stderr.log
  rv_collect_logs || rv_lost='the logs cannot be written'
  rv_hand_on || rv_lost='what later steps read cannot be written'
  rv_now && rv_end=$rv_reply
  [[ $rv_exit != 0 ]] || rv_lose "$rv_lost"
  # Then the one of before says that the step has not ended.
  rv_write_result || rv_lose 'its result cannot be written'
  { : >"$rv_own/state"; } 2>/dev/null # by this the guard knows that nothing is left to end
  rv_remove_work
  if [[ $rv_guard_pid ]]; then
    exec 9>&-
    wait "$rv_guard_pid" 2>/dev/null
  fi
  exit "$rv_exit"
}

rv_remove_work() { # but Work Queue removes its sandbox itself, with all that is in it
  if rv_is_in_sandbox; then
    [[ ! -e $rv_own/environment ]] || : >"$rv_own/environment"
  else
    rm -rf -- "$rv_work"
  fi
}

rv_lose() { # REASON, or nothing: what the step has made does not come back, for want of room or of inodes
  [[ $1 ]] || return
  rv_exit=$rv_exit_disk_full rv_phase=output rv_status=null rv_signal='' rv_timed_out=false
  rv_message="the worker's disk is full: $1"
}

# SIGNAL NUMBER: ends the step, but not between a command's beginning and the moment at which we know what to end
rv_on_signal() {
  if [[ $rv_beginning ]]; then rv_deferred="$1 $2"; else rv_more && rv_terminated "$1" "$2"; fi
}

# --- watching over what runs ------------------------------------------------------------------------------------------

# The guard is a process of its own, in a process group of its own. Work Queue ends a task by SIGKILL to its process group, and a
# worker that is killed ends nothing: without a guard, what runs in another group would run on.
# Its standard input is a pipe whose other end the step's shell holds: the end of the pipe means that the shell is gone. What it
# has to know stands in the file own/state, line by line, and not in the pipe: bash 4.1 loses what a read gets at the moment
# when its time expires. By the end the worker may have removed the step's files: what is needed of them is open before.
#
#   group PID        the process group that runs now; without PID, none does
#   payload          inputs are there, the environment is set up now
#   fetching 1       inputs are fetched, which has limits of its own; without 1, no more
#   started TICKS…   the payload began, see rv_end_left
#   errors BYTES     what the payload wrote to stderr
#   after DOING      the payload has ended, this is what follows
#   limit PID SECONDS DOING   a process that may take so long; without SECONDS, it has ended
#
# While the shell is there the guard also ends the payload when its time is over, measures what memory it takes, ends
# what takes too long before and after it, and ends the step when its worker is gone. It starts the process that sends the live
# logs, in a process group of its own. Before all that it asks the receiver whether the step may run, if it is told to.
rv_guard() { # [ask]
  local rv_line rv_guarded_group='' rv_streams='' rv_begun=() rv_fetching='' rv_doing rv_limits=() rv_limit_ends=() rv_doings=()
  local rv_tick=100 rv_next=0 rv_peak=0 rv_known=0 rv_preparing='' rv_after_began='' rv_parent_now rv_reply rv_began
  trap '' TERM INT QUIT HUP PIPE
  # To remove what is in there: by its name it may be that of the next attempt by then.
  cd "$rv_own" || return
  exec 4<state 5<"$rv_job"
  [[ $1 ]] && rv_ask_receiver admit
  exec 1>/dev/null
  rv_ticks && rv_began=$rv_reply
  while true; do
    read -r -t "$((rv_tick / 1000)).$((rv_tick % 1000 / 100))" _
    case $? in
      0) rv_tick=100 && continue ;; # the payload began
      1) break ;;
    esac
    ((rv_tick = rv_tick < 500 ? rv_tick * 2 : 1000))
    rv_more && rv_look_after
  done
  if [[ -s /proc/self/fd/4 ]]; then
    rv_more && rv_end_all
  elif [[ $rv_streams ]]; then
    kill -KILL -- "-$rv_streams"
  fi
}

rv_note() { # LINE: for the guard
  printf '%s\n' "${1//$'\n'/ }" >>"$rv_own/state"
} 2>/dev/null

# [ask]: makes two pipes. File 9 is the guard's, and from file 8 nothing comes but the receiver's answer.
rv_start_guard() {
  read -r _ _ _ rv_parent rv_own_group _ <"/proc/$$/stat"
  if [[ $rv_wall_time && $rv_wall_time -lt $rv_environment_limit ]]; then
    rv_environment_limit=$((rv_wall_time > 30 ? rv_wall_time : 30))
  fi
  { : >"$rv_own/state" && : >"$rv_own/room"; } || rv_give_up "$rv_exit_input" input "cannot write to $rv_own"
  set -m
  coproc rv_pipes { rv_guard "$1" 2>/dev/null; }
  set +m
  rv_guard_pid=$!
  eval "exec 8<&${rv_pipes[0]} 9>&${rv_pipes[1]} ${rv_pipes[0]}<&- ${rv_pipes[1]}>&-"
}

rv_guarded() { # COMMAND…: its exit status; in a subshell and a group of its own, so that a signal to the step ends it at once
  local rv_result rv_beginning=1 rv_deferred=''
  set -m
  (
    set +m
    rv_note "group $BASHPID"
    "$@"
  ) 8>&- &
  rv_group=$!
  set +m
  rv_beginning=''
  # shellcheck disable=SC2086
  [[ $rv_deferred ]] && rv_more && rv_terminated $rv_deferred
  wait "$rv_group" 2>/dev/null
  rv_result=$?
  rv_note group
  kill -KILL -- "-$rv_group" 2>/dev/null # what it left behind
  rv_group=''
  return "$rv_result"
}

rv_fail() { # PHASE MESSAGE: ends a guarded command before its time; rv_give_up_guarded takes it from there
  rv_keep "${rv_found_out[@]}"
  printf '%s\n%s\n' "$1" "$2" >"$rv_own/failed"
  exit 1
}

# STATUS: what rv_keep has written; its status. The next one writes to another file: ext4 does not wait to write a file to the disk
# that was cut to nothing and is written again (auto_da_alloc), and that takes milliseconds.
rv_learn() {
  # shellcheck source=/dev/null
  [[ ! -e $rv_known ]] || . "$rv_known"
  rv_known+=+
  return "$1"
}

# What the result has of what guarded commands find out.
rv_found_out=(rv_input_bytes rv_output_dir rv_unread rv_core_dumps rv_missing rv_empty rv_lacking rv_cut_off rv_out_names rv_out_sizes)

rv_keep() { # NAME…: writes those of the variables that have values to rv_known, for the step's shell
  local rv_name rv_values
  for rv_name in "$@"; do
    eval "rv_values=(\"\${${rv_name}[@]}\")"
    [[ ${#rv_values[@]} == 0 ]] || { printf '%s=(' "$rv_name" && printf '%q ' "${rv_values[@]}" && echo ')'; }
  done >"$rv_known"
}

# SECONDS COMMAND…: its exit status; the guard kills it after that time. What takes long is told, as what rv_doing says it is.
rv_limited() {
  local rv_limit=$1 rv_command rv_result
  shift
  "$@" 9>&- &
  rv_command=$!
  rv_note "limit $rv_command $rv_limit $rv_doing"
  wait "$rv_command" 2>/dev/null
  rv_result=$?
  rv_note "limit $rv_command"
  [[ $rv_result == 137 ]] && echo "not done within $rv_limit s" >&2
  return "$rv_result"
}

# --- live logs --------------------------------------------------------------------------------------------------------
# The payload writes to files, and what is sent is read from them: whatever becomes of the receiver, the payload does not
# notice. docs/step.md has the protocol.

rv_read_logs_address() { # a join is no step, and nobody's business
  local rv_secret
  # A Makeflow file of before has no token for each step: then all of a run have one, behind the address.
  [[ $rv_id != *-* && $rv_logs =~ ^\[?([^][]+)\]?:([0-9]+)(:([^:[:space:]]+))?$ ]] || return
  : "${rv_token:=${BASH_REMATCH[4]}}"
  rv_logs_address=/dev/tcp/${BASH_REMATCH[1]}/${BASH_REMATCH[2]}
  # By this the receiver knows this execution from its payload and from other steps, which may find the token.
  read -r rv_secret </proc/sys/kernel/random/uuid || rv_secret=$(od -A n -N 16 -t x1 /dev/urandom)
  rv_logs_greeting="relval-log-2 $rv_token $rv_id $rv_execution ${rv_secret//[^0-9a-f]/} $rv_host $rv_start"
}

rv_ask_receiver() { # QUESTION: prints its answer; may wait for ever
  local rv_answer
  exec 6<>"$rv_logs_address" || return
  printf '%s %s\n' "$rv_logs_greeting" "$1" >&6
  IFS= read -r rv_answer <&6 && printf '%s\n' "$rv_answer"
  exec 6>&-
}

# False when the receiver refuses: rv_message says why. One that cannot be asked does not: then the guard may wait for its network for
# minutes, and another one takes its place.
rv_may_run() {
  [[ $rv_logs_address ]] || return 0
  rv_reply=''
  IFS= read -r -t 3 rv_reply <&8
  if (($? > 128)); then
    { kill -KILL -- "-$rv_guard_pid" && wait "$rv_guard_pid"; } 2>/dev/null
    rv_start_guard
  fi
  [[ $rv_reply == refused* ]] || return 0
  rv_message="not run: ${rv_reply#refused }"
  return 1
}

# --- inputs -----------------------------------------------------------------------------------------------------------

rv_need() { # COMMAND PURPOSE
  type -P -- "$1" >/dev/null && return
  rv_message="$1 is missing on $HOSTNAME, needed to $2: install it in the worker's image"
  return 1
}

rv_copy_in() { # KIND FROM NAME: one attempt
  case $1 in
    local) rv_copy_script "$rv_top/$2" "$3" || rv_limited "$rv_copy_timeout" cp -pRL -- "$rv_top/$2" "$3" ;;
    worker) rv_limited "$rv_copy_timeout" cp -pRL -- "$2" "$3" ;;
    xrootd) rv_more && rv_need xrdcp "fetch $2" && rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$2" "./$3" ;;
  esac
}

# FROM TO: copies the stage's own script without another process, where it is a short text without the permission to execute; false where
# it is not
rv_copy_script() {
  local LC_ALL=C rv_text=''
  [[ $2 == "$rv_executable" && -f $1 && -r $1 && -w $1 && ! -x $1 && ! -e $2 ]] || return
  # a text ends before the limit, and none of its bytes is 0
  IFS= read -r -d '' -n 4096 rv_text <"$1" && return 1
  [[ $rv_text ]] && printf %s "$rv_text" >"$2"
} 2>/dev/null

# KIND…: fetches the inputs of those kinds into the current directory; on failure own/failed says what is wrong
rv_fetch_inputs() {
  local rv_i rv_attempt rv_kind rv_from rv_name rv_unpack_it rv_doing
  for ((rv_i = 0; rv_i < ${#rv_inputs[@]}; rv_i += 4)); do
    rv_kind=${rv_inputs[rv_i]} rv_from=${rv_inputs[rv_i + 1]} rv_name=${rv_inputs[rv_i + 2]}
    rv_unpack_it=${rv_inputs[rv_i + 3]}
    [[ " $* " == *" $rv_kind "* ]] || continue
    for ((rv_attempt = 1; ; rv_attempt++)); do
      rv_doing="input $rv_name from $rv_from, attempt $rv_attempt"
      rv_say "$rv_doing"
      rv_message=''
      if rv_copy_in "$rv_kind" "$rv_from" "$rv_name" 2>"$rv_own/scratch"; then
        rv_size "$rv_name" && ((rv_input_bytes += rv_reply))
        [[ ! $rv_unpack_it ]] && break
        rv_more && rv_unpack "$rv_name" 2>"$rv_own/scratch" && break
      fi
      rv_more && rv_miss_input
    done
  done
}

# --- the payload ------------------------------------------------------------------------------------------------------

rv_load_environment() {
  local rv_text
  if [[ $rv_environment_command ]]; then
    eval "$rv_environment_command" 9>&-
  elif [[ $rv_packages ]]; then
    if [[ ! -x $rv_alienv ]]; then
      printf '%s is missing: is /cvmfs mounted on this worker? It loads the packages %s\n' "$rv_alienv" "$rv_packages" >&2
      return 1
    fi
    rv_text=$("$rv_alienv" printenv "$rv_packages") && eval "$rv_text" 9>&-
  fi
}

rv_find_executable() { # sets rv_program
  rv_program=$rv_executable_path
  [[ $rv_program == */* && -f $rv_program && -x $rv_program ]] && return
  rv_find_in_path "$rv_executable" && return
  [[ $ALIDPG_ROOT ]] && rv_program=$(find "$ALIDPG_ROOT/" -name "$rv_executable" ! -type d -print -quit) && [[ $rv_program ]] && return
  rv_program=./$rv_executable
  [[ -f $rv_program ]]
}

# NAME: sets rv_program to its path. The table of commands has it without another process, unless NAME is also a builtin.
rv_find_in_path() {
  if [[ $1 != */* && $- == *h* ]]; then
    hash -r
    hash -- "$1" 2>/dev/null || return
    rv_program=${BASH_CMDS[$1]}
    [[ ! $rv_program ]] || return 0
  fi
  rv_program=$(type -P -- "$1")
}

# Guarded; the exit status is the payload's. The environment command, the values of the JDL and the payload see one shell,
# as JDLs expect: limits and variables that are not exported included.
rv_run_payload() {
  unset rv_logs rv_token rv_logs_address rv_logs_greeting
  exec 3>&- 4>&-
  rv_fetch_inputs local worker
  rv_note payload
  rv_phase=payload
  rv_write_result
  times >>"$rv_own/times"
  mapfile -t rv_lines <"$rv_own/times"
  rv_times_before=${rv_lines[*]: -2}
  if ! rv_load_environment; then
    rv_more && rv_last_words
    rv_fail environment "the environment could not be set up${rv_reply:+: $rv_reply}"
  fi
  set +Ceux -f
  IFS=$' \t\n'
  cd "$rv_job" || rv_fail environment "no directory $rv_job"
  rv_set_environment
  type -P find >/dev/null || rv_fail environment "the environment's PATH is without the system's commands: $PATH"
  rv_set_output_dir
  # the transfer of outputs there needs it
  [[ $rv_output_dir =~ $rv_address ]] && (umask 077 && export -p >"$rv_own/environment")
  if [[ " ${rv_inputs[*]}" == *\ xrootd\ * ]]; then
    rv_note 'fetching 1'
    rv_fetch_inputs xrootd
    rv_note fetching
  fi
  rv_list_inputs
  rv_find_executable ||
    rv_fail environment "no $rv_executable: not at ${rv_executable_path:-its path}, in PATH, below \$ALIDPG_ROOT or among the inputs"
  rv_set_arguments
  rv_arguments=("$rv_program" "${rv_arguments[@]}" "${rv_extra_arguments[@]}")
  [[ -x $rv_program ]] || rv_arguments=(bash "${rv_arguments[@]}")
  set +f
  printf -v rv_line ' %q' "${rv_arguments[@]}"
  [[ -s $rv_top/$rv_id.stdout.log ]] || rv_silent_bytes=$((${#rv_line} + 2))
  printf '+%s\n' "$rv_line"
  # By these two it is known whose processes are left when the payload has ended.
  export rv_step=$rv_execution
  exec 199<"$rv_own/state"
  IFS= read -r -d '' -n 512 rv_beginning <"$rv_top/$rv_id.stdout.log"
  rv_count_forks && rv_started=$BASHPID\ $rv_reply
  rv_ticks && rv_started=$rv_reply\ $rv_started
  rv_keep rv_started rv_beginning rv_silent_bytes rv_times_before "${rv_found_out[@]}"
  rv_note "started $rv_started"
  echo >&9 # to wake the guard
  exec 7<&- 9>&-
  exec "${rv_arguments[@]}"
}

rv_list_inputs() { # names what is there before the payload begins in own/inputs, unless that is what the stage names
  local rv_i
  if [[ ! $rv_environment_command && ! $rv_packages ]]; then
    for ((rv_i = 0; rv_i < ${#rv_inputs[@]}; rv_i += 4)); do
      [[ ! ${rv_inputs[rv_i + 3]} && -f ${rv_inputs[rv_i + 2]} ]] || break
    done
    ((rv_i < ${#rv_inputs[@]})) || return 0
  fi
  find . -type f ! -path ./stdout.log ! -path ./stderr.log -printf '%P\0' >"$rv_own/inputs"
}

rv_print_inputs() { # the names of what was there before the payload began, each with a NUL byte behind it
  local rv_i
  if [[ -e $rv_own/inputs ]]; then
    cat -- "$rv_own/inputs"
  else
    for ((rv_i = 0; rv_i < ${#rv_inputs[@]}; rv_i += 4)); do printf '%s\0' "${rv_inputs[rv_i + 2]}"; done
  fi
}

rv_children_time() { # sets rv_reply to the CPU time of the processes waited for so far, in ms
  local rv_lines
  times >>"$rv_own/times"
  mapfile -t rv_lines <"$rv_own/times"
  rv_sum_times "${rv_lines[${#rv_lines[@]} - 1]}"
}

rv_sum_times() { # TIMES, like 1m2.345s: sets rv_reply to their sum in ms
  local rv_time rv_digits
  rv_reply=0
  for rv_time in $1; do
    [[ $rv_time == [0-9]*m[0-9]*.[0-9][0-9][0-9]s && $rv_time != *[!0-9ms.]* ]] || continue
    rv_digits=${rv_time#*m}
    ((rv_reply += 10#${rv_time%%m*} * 60000 + 10#${rv_digits//[!0-9]/}))
  done
  return 0
}

# Where the kernel counts the processes that it killed for their memory: cgroup v1 or v2, seen from the host or from within.
rv_find_cgroup() {
  local rv_controllers rv_group_path rv_path
  while IFS=: read -r _ rv_controllers rv_group_path; do
    [[ ! $rv_controllers || ,$rv_controllers, == *,memory,* ]] || continue
    for rv_path in "/sys/fs/cgroup${rv_controllers:+/memory}"{"$rv_group_path",}; do
      rv_kills=$rv_path/memory.oom_control rv_limit_file=$rv_path/memory.limit_in_bytes
      [[ -r $rv_kills ]] && return
      rv_kills=$rv_path/memory.events rv_limit_file=$rv_path/memory.max
      [[ -r $rv_kills ]] && return
    done
  done </proc/self/cgroup 2>/dev/null
  rv_kills=/dev/null
}

rv_count_kills() { # sets rv_reply
  rv_find_line 'oom_kill ' "$rv_kills" || rv_reply=0
}

rv_payload() { # runs it, and sets what the result says of it
  local rv_exit rv_cpu_before rv_kills rv_kills_before rv_limit_file rv_started='' rv_beginning='' rv_times_before=''
  rv_find_cgroup
  rv_count_kills && rv_kills_before=$rv_reply
  rv_children_time && rv_cpu_before=$rv_reply
  exec 3>>"$rv_top/$rv_id.stdout.log" 4>>"$rv_top/$rv_id.stderr.log"
  rv_guarded rv_run_payload >&3 2>&4
  rv_exit=$?
  rv_restore
  rv_learn 0
  [[ $rv_started ]] || { rv_more && rv_give_up_guarded; }
  rv_now && rv_payload_end=$rv_reply
  rv_phase=payload
  rv_end_left "$rv_started" "$rv_own/state" "$rv_job"
  ((rv_payload_start = rv_clock + ${rv_started%% *} * 10))
  rv_check_streams
  exec 3>&- 4>&-
  rv_sum_times "$rv_times_before" && ((rv_cpu_before += rv_reply)) # by what fetched the inputs
  rv_children_time && ((rv_reply = rv_reply > rv_cpu_before ? rv_reply - rv_cpu_before : 0))
  printf -v rv_cpu_time '%d.%03d' $((rv_reply / 1000)) $((rv_reply % 1000))
  if [[ -e $rv_own/peak-memory ]]; then
    while read -r rv_reply; do rv_peak_memory=$((rv_reply * 1024)); done <"$rv_own/peak-memory"
  fi
  rv_status=$rv_exit rv_phase="done"
  [[ -e $rv_own/timed-out ]] && rv_timed_out=true
  rv_count_kills
  [[ $rv_exit != 0 && $rv_timed_out == false && $rv_reply -gt $rv_kills_before ]] && rv_out_of_memory=true
  [[ $rv_exit == 0 ]] || { rv_more && rv_explain_exit "$rv_exit" >>"$rv_top/$rv_id.stdout.log"; }
}

# STARTED MARK DIRECTORY: ends what the payload has left running that is in no process group of ours: what has its mark in the
# environment or as an open file, or works in its directory, and began after it. STARTED is "TICKS PID FORKS", of the payload's
# start: how many processes the machine had made until then.
rv_end_left() {
  # shellcheck disable=SC2206 # words
  local rv_tries=5 rv_process rv_fields rv_suspects rv_left rv_processes rv_started=($1) rv_reply
  for (( ; rv_tries > 0; rv_tries--)); do
    rv_suspects=() rv_left=()
    rv_list_processes "${rv_started[1]}" "${rv_started[2]}"
    for rv_process in "${rv_processes[@]}"; do
      [[ -O $rv_process ]] || continue
      read -r rv_fields <"$rv_process/stat" || continue
      # shellcheck disable=SC2206 # behind the name, which may hold anything: state, parent, group, …; the 20th is the start
      rv_fields=(${rv_fields##*) })
      [[ ${rv_fields[0]} != Z && ${rv_fields[19]} -ge ${rv_started[0]} ]] || continue
      [[ ${rv_fields[2]} != "$rv_own_group" && ${rv_fields[2]} != "$rv_guard_pid" ]] || continue
      if [[ $rv_process/fd/199 -ef $2 || $rv_process/cwd -ef $3 ]]; then
        rv_left+=("${rv_process#/proc/}")
      else
        rv_suspects+=("$rv_process")
      fi
    done 2>/dev/null
    rv_find_marked
    [[ ${#rv_left[@]} -gt 0 ]] || return 0
    rv_say "ends processes that the payload left: ${rv_left[*]}"
    kill -KILL "${rv_left[@]}" 2>/dev/null
  done
}

# PID FORKS: sets rv_processes to the directories in /proc of all processes that may have begun after that one. Where the machine
# has made so few since then that their numbers cannot have begun anew, these are the next numbers.
rv_list_processes() {
  local rv_most rv_last rv_number rv_reply
  if ! read -r rv_most </proc/sys/kernel/pid_max || ! read -r _ _ _ _ rv_last </proc/loadavg || ! rv_count_forks ||
    ((rv_reply - $2 >= 1000 || rv_reply - $2 >= rv_most - $1 || rv_last - $1 >= 1000)); then
    rv_processes=(/proc/[0-9]*)
    return
  fi
  rv_processes=()
  for ((rv_number = $1 + 1; rv_number <= rv_last; rv_number++)); do
    [[ ! -e /proc/$rv_number ]] || rv_processes+=("/proc/$rv_number")
  done
} 2>/dev/null

rv_count_forks() { # sets rv_reply to the number of processes and threads that the machine has made
  rv_find_line 'processes ' /proc/stat
}

# BEGINNING FILE: sets rv_reply to the rest of the first line that begins so. The kernel makes the whole of such a file again for each
# read, so all lines are read at once.
rv_find_line() {
  local rv_line rv_lines
  mapfile -t rv_lines <"$2" || return
  for rv_line in "${rv_lines[@]}"; do
    [[ $rv_line == "$1"* ]] && rv_reply=${rv_line#"$1"} && return
  done
  return 1
}

rv_find_marked() { # adds those of rv_suspects to rv_left that have our mark in the environment; grep is quicker where they are many
  local rv_process rv_variable
  if [[ ${#rv_suspects[@]} -gt 6 ]]; then
    while IFS= read -r rv_process; do
      rv_process=${rv_process#/proc/} && rv_left+=("${rv_process%/environ}")
    done < <(exec grep -l -z -s -x -F "rv_step=$rv_execution" -- "${rv_suspects[@]/%//environ}")
    return
  fi
  for rv_process in "${rv_suspects[@]}"; do
    while IFS= read -r -d '' rv_variable; do
      [[ $rv_variable == "rv_step=$rv_execution" ]] && rv_left+=("${rv_process#/proc/}") && break
    done <"$rv_process/environ"
  done
} 2>/dev/null

# What the payload has printed must still be there: who cuts its log, or writes over it, takes from us what is looked at.
rv_check_streams() {
  local rv_after
  [[ ! $rv_beginning ]] || IFS= read -r -d '' -n "${#rv_beginning}" rv_after <"$rv_top/$rv_id.stdout.log"
  if [[ $rv_beginning && $rv_after != "$rv_beginning" ]]; then
    rv_cannot_read stdout.log 'the payload wrote over it'
  else
    rv_size "$rv_top/$rv_id.stdout.log"
    rv_check_cut stdout.log 3 "$rv_reply"
  fi
  rv_size "$rv_top/$rv_id.stderr.log" && rv_error_bytes=$rv_reply
  rv_note "errors $rv_reply"
  rv_check_cut stderr.log 4 "$rv_reply"
} 2>/dev/null

rv_check_cut() { # LOG DESCRIPTOR BYTES: it was longer when something was last written to it
  rv_find_line pos: "/proc/$$/fdinfo/$2" && ((rv_reply > $3)) && rv_cannot_read "$1" 'the payload cut it'
}

# --- logs -------------------------------------------------------------------------------------------------------------
# Whatever passes for a log is looked at: compressed ones, links, those in archives that the payload made. What cannot be
# looked at is named in the result, because nobody knows what is in it.

# Base names of logs, and of archives that may hold some, in small letters. One expression for find and for bash.
readonly rv_log_name='(([^/]*\.(log|err|out|stderr|stdout)|stdout|stderr)(\.([0-9]+|gz|bz2|xz|zst|lz4|z))*|[^/]*\.log[0-9._~-][^/]*|[^/]*(server|worker|merger)log[0-9]*|([^/]*[._-])?log\.txt)'
readonly rv_archive_name='[^/]*\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|lzma|zst))'
readonly rv_unpacked_limit=4194304 # kB that one compressed log may have
# Bytes of what is found in a part of a log that does not come back: with the lines around it, and then one line of each kind.
readonly rv_context_limit=30000 rv_kinds_limit=1000000

rv_cannot_read() { # NAME WHY
  local rv_text="$1 cannot be looked at: $2"
  [[ ${#rv_unread[@]} -lt 100 ]] && rv_unread+=("${rv_text//$'\n'/ }")
  rv_say "$rv_text"
}

# In a subshell: ID.logs and validation_report.txt. With `fast` nobody waits long: what is compressed stays so.
rv_look_at_logs() {
  local rv_fast=$1 rv_paths=() rv_names=() rv_sizes=() rv_links=() rv_unpacked=0 rv_depth=0
  cd "$rv_job" || return
  rv_list_few_logs || { rv_more && rv_list_all_logs; }
  rv_has_nothing_to_search || { rv_more && rv_report_errors; }
  if [[ ! -e $rv_own/report && ! -e validation_report.txt && ! -L validation_report.txt ]]; then
    : >validation_report.txt
  elif [[ ! $rv_fast || ! -e validation_report.txt ]]; then
    [[ -e $rv_own/report ]] || : >"$rv_own/report"
    mv -f -- "$rv_own/report" validation_report.txt
  fi
  if [[ ${#rv_paths[@]} -eq 0 ]]; then : >"$rv_top/$rv_id.logs"; else rv_more && rv_pack_logs >"$rv_top/$rv_id.logs"; fi || return
  [[ $rv_unpacked -eq 0 ]] || rm -rf -- "$rv_own"/unpacked.*
  : >"$rv_own/looked"
}

rv_list_few_logs() { # looks at the logs here; false, before it has looked at any, where only find can see what is there
  local rv_entry rv_entries rv_type rv_lower
  [[ -r . && -x . ]] || return
  shopt -s dotglob nullglob
  rv_entries=(*)
  shopt -u dotglob nullglob
  [[ ${#rv_entries[@]} -le 50 ]] || return
  for rv_entry in "${rv_entries[@]}"; do [[ ! -d $rv_entry && ! -L $rv_entry ]] || return; done
  for rv_entry in "${rv_entries[@]}"; do
    [[ $rv_entry -ef $rv_top/$rv_id.stdout.log || $rv_entry -ef $rv_top/$rv_id.stderr.log ]] && continue
    rv_lower=${rv_entry,,} rv_type=f
    [[ -f $rv_entry ]] || rv_type=other
    [[ $rv_lower =~ ^($rv_log_name|$rv_archive_name)$ || $rv_entry == core* && $rv_type == f ]] || continue
    rv_size "$rv_entry"
    rv_more && rv_look_at "./$rv_entry" "$rv_entry" "$rv_type" "$rv_reply"
  done
}

rv_has_nothing_to_search() { # the payload has printed nothing, and left nothing else to look at
  [[ ${#rv_paths[@]} -eq 0 && ${#rv_core_dumps[@]} -eq 0 && ! -s $rv_top/$rv_id.stderr.log ]] || return
  rv_size "$rv_top/$rv_id.stdout.log"
  [[ $rv_reply == "$rv_silent_bytes" ]]
}

# NAME: what comes back of a stream is its head and its tail when it is too long; the payload's own file stays whole
rv_shorten() {
  local rv_file=$rv_top/$rv_id.$1 rv_half=$((rv_output_limit / 2)) rv_bytes
  rv_size "$rv_file" && rv_bytes=$rv_reply
  ((rv_bytes <= rv_output_limit)) || { rv_more && rv_leave_out "$1"; }
}

rv_collect_logs() {
  local rv_log=''
  [[ -d $rv_job ]] || return 0
  [[ -e $rv_own/looked || $rv_phase == skipped || $rv_phase == refused ]] || (rv_look_at_logs fast) || return
  [[ -f $rv_job/validation_report.txt ]] || rm -rf -- "$rv_job/validation_report.txt"
  [[ ! -s $rv_job/validation_report.txt ]] || cp -- "$rv_job/validation_report.txt" "$rv_top/$rv_id.validation_report.txt"
  {
    if [[ -e $rv_own/relval-step.log ]]; then
      IFS= read -r -d '' rv_log <"$rv_own/relval-step.log"
      printf 'relval-log-1 %d %d 0 relval-step.log\n%s\n' "${#rv_log}" "${#rv_log}" "$rv_log"
    fi
    [[ ! -e $rv_own/left-out ]] || cat -- "$rv_own/left-out"
  } 2>/dev/null >>"$rv_top/$rv_id.logs"
}

# --- outputs ----------------------------------------------------------------------------------------------------------

rv_hand_on() { # every file that later steps get from this one; an empty one in the place of one that was not made
  local rv_i rv_whole=0
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    [[ -f $rv_top/$rv_id.${rv_hands_on[rv_i + 1]} ]] || rm -rf -- "$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}"
    if [[ ! -f $rv_job/${rv_hands_on[rv_i]} ]] ||
      ! cp -- "$rv_job/${rv_hands_on[rv_i]}" "$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}" 2>/dev/null; then
      [[ ! -f $rv_job/${rv_hands_on[rv_i]} ]] || rv_whole=1
      : >"$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}" || rv_whole=1
    fi
  done
  return "$rv_whole"
}

# PATTERN [files]: sets rv_found to the files that match, directories searched, but with `files` those that match themselves
rv_match() {
  local rv_path IFS=
  rv_found=()
  shopt -s nullglob extglob
  for rv_path in $1; do
    if [[ -d $rv_path && $2 ]]; then
      continue
    elif [[ -d $rv_path ]]; then
      while IFS= read -r -d '' rv_path; do rv_found+=("$rv_path"); done < <(find "$rv_path" -type f -print0 | sort -z)
    elif [[ -f $rv_path ]]; then
      rv_found+=("$rv_path")
    fi
  done
  shopt -u nullglob extglob
}

rv_add_output() { # FILE NAME
  rv_size "$1"
  rv_out_files+=("$1") rv_out_names+=("$2") rv_out_sizes+=("$rv_reply")
}

rv_check_form() { # FILE NAME: of an output, where its name says what is in it
  case $1 in
    *.root | *.zip | *.tar | *.tar.* | *.gz | *.tgz | *.bz2 | *.xz | *.zst)
      rv_more && rv_check_whole "$1" "$2"
      rv_check_members "$1" "$2"
      ;;
  esac
}

# ARCHIVE PATTERN…: takes the matching files that no earlier entry has taken, into the archive or, without one, as they are
rv_take() {
  local rv_archive=$1 rv_pattern rv_path rv_name rv_any='' rv_wildcard='[][*?(]'
  shift
  [[ ! -e $rv_own/zip-list.0 && ! -e $rv_own/zip-list.9 ]] || rm -f -- "$rv_own"/zip-list.*
  for rv_pattern in "$@"; do
    rv_match "$rv_pattern"
    if [[ $rv_archive && ! $rv_optional_members && ${#rv_found[@]} -eq 0 && ! $rv_pattern =~ $rv_wildcard && ! $rv_pattern =~ ^$rv_log_name$ ]]; then
      rv_lacking+=("$rv_archive:$rv_pattern")
    fi
    for rv_path in "${rv_found[@]}"; do
      rv_any=1
      [[ ${rv_taken[$rv_path]} ]] && continue
      rv_taken[$rv_path]=1
      rv_name=$rv_path
      case $rv_path in /* | ../* | */../*) rv_name=${rv_path##*/} ;; esac
      rv_check_form "$rv_path" "$rv_name"
      # what is not packed is seen to be empty by its size
      [[ $rv_archive && ! -s $rv_path ]] && rv_empty+=("$rv_name")
      case $rv_archive/$rv_path in
        /* | *$'\n'*) rv_add_output "$rv_path" "$rv_name" ;; # zip reads a list of lines
        *.root) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.0" ;; # compressed already
        *) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.9" ;;
      esac
    done
  done
  if [[ ! -e $rv_own/zip-list.0 && ! -e $rv_own/zip-list.9 ]]; then
    [[ ! $rv_archive || $rv_any ]] || rv_lacking+=("$rv_archive:")
    return 0
  fi
  rv_more && rv_make_archive
}

rv_take_outputs() {
  local rv_i rv_archive rv_path rv_patterns=()
  declare -A rv_taken=()
  for ((rv_i = 0; rv_i < ${#rv_outputs[@]}; rv_i += 2)); do
    rv_archive=${rv_outputs[rv_i]}
    rv_patterns+=("${rv_outputs[rv_i + 1]}")
    # the patterns of one archive stand behind one another
    [[ $rv_archive && $rv_archive == "${rv_outputs[rv_i + 2]}" ]] && continue
    [[ $rv_dont_archive || $rv_save_all ]] && rv_archive=
    rv_take "$rv_archive" "${rv_patterns[@]}" || return 1
    rv_patterns=()
  done
  rv_take '' 'core*' validation_report.txt
  [[ $rv_save_all ]] || return 0
  while IFS= read -r -d '' rv_path; do rv_taken[$rv_path]=1; done < <(rv_print_inputs)
  while IFS= read -r -d '' rv_path; do
    [[ ${rv_taken[$rv_path]} ]] && continue
    rv_more && rv_check_whole "$rv_path" "$rv_path"
    rv_add_output "$rv_path" "$rv_path"
  done < <(find . -type f -printf '%P\0' | sort -z)
}

rv_copy_out() { # FILE NAME SIZE: one attempt; the file is at its place only when it is whole
  local rv_target=$rv_output_dir/$2 rv_part
  if [[ $rv_output_dir =~ $rv_address ]]; then
    rv_more && rv_copy_to_server "$1" "$2" || return
  else
    rv_part=${rv_target%/*}/.$rv_id.$$.${rv_target##*/}
    [[ -d ${rv_target%/*} ]] || mkdir -p -- "${rv_target%/*}" || return
    if [[ $3 == 0 && ! -e $rv_target && ! -L $rv_target ]]; then
      : >"$rv_target"
      return
    fi
    rv_limited "$rv_copy_timeout" cp -- "$1" "$rv_part" || { rm -f -- "$rv_part" && return 1; }
    rv_size "$rv_part"
    if [[ $rv_reply == "$3" ]]; then
      mv -f -- "$rv_part" "$rv_target" && return
      rm -f -- "$rv_part"
      return 1
    fi
    rm -f -- "$rv_part"
  fi
  [[ $rv_reply == "$3" ]] || { echo "$2 has ${rv_reply:-no} bytes at its destination, not $3" && return 1; }
}

rv_remove_parts() { # what an earlier execution of this step was storing when it was killed
  local rv_name rv_directory rv_part rv_number='+([0-9])'
  declare -A rv_looked=()
  shopt -s nullglob extglob
  for rv_name in "${rv_out_names[@]}"; do
    rv_name=$rv_output_dir/$rv_name
    rv_directory=${rv_name%/*}
    [[ ${rv_looked[$rv_directory]} ]] && continue
    rv_looked[$rv_directory]=1
    # shellcheck disable=SC2231 # a pattern
    for rv_part in "$rv_directory/.$rv_id".$rv_number.*; do rm -f -- "$rv_part"; done
  done
  shopt -u nullglob extglob
}

rv_copy_some() { # FIRST: every rv_copy_jobs-th file from there; a file that fails is named in failed.FIRST
  local rv_i rv_attempt rv_doing rv_scratch=$rv_own/scratch
  (($1 == 0)) || rv_scratch+=.$1
  for ((rv_i = $1; rv_i < ${#rv_out_files[@]}; rv_i += rv_copy_jobs)); do
    for ((rv_attempt = 1; ; rv_attempt++)); do
      rv_doing="output ${rv_out_names[rv_i]} to $rv_output_dir, attempt $rv_attempt"
      rv_say "$rv_doing"
      rv_copy_out "${rv_out_files[rv_i]}" "${rv_out_names[rv_i]}" "${rv_out_sizes[rv_i]}" >"$rv_scratch" 2>&1 && break
      rv_last_line "$rv_scratch"
      rv_more && rv_tell_failure "$rv_attempt" "$rv_reply"
      if ((rv_attempt == rv_attempts)); then
        printf '%s: %s\n' "${rv_out_names[rv_i]}" "${rv_reply:-it failed and did not say why}" >"$rv_own/failed.$1"
        return
      fi
      sleep $((rv_copy_pause * rv_attempt))
    done
  done
}

rv_transfer() { # all outputs to the output directory
  local rv_first rv_pids=() rv_pid
  [[ $rv_output_dir ]] || return 0
  if [[ $rv_output_dir =~ $rv_address ]]; then
    # xrdcp and its proxy come with the payload's environment
    # shellcheck source=/dev/null
    . "$rv_own/environment" 2>/dev/null
    rv_need xrdcp "transfer outputs to $rv_output_dir" || rv_fail output "$rv_message"
    rv_need xrdfs "verify outputs at $rv_output_dir" || rv_fail output "$rv_message"
  elif [[ $rv_output_dir != /* ]]; then
    rv_fail output "the output directory must be an absolute path or a root:// address, not $rv_output_dir"
  else
    rv_remove_parts
  fi
  for ((rv_first = 1; rv_first < rv_copy_jobs && rv_first < ${#rv_out_files[@]}; rv_first++)); do
    rv_copy_some "$rv_first" &
    rv_pids+=($!)
  done
  rv_copy_some 0
  for rv_pid in "${rv_pids[@]}"; do wait "$rv_pid"; done
  for rv_first in "$rv_own"/failed.*; do
    [[ -e $rv_first ]] || return 0
    rv_last_line "$rv_first"
    rv_fail output "transfer to $rv_output_dir failed: $rv_reply"
  done
}

# --- the step ---------------------------------------------------------------------------------------------------------

rv_read_stage() {
  local rv_line
  # shellcheck source=/dev/null
  . "./$rv_stage_file" || return
  [[ -e ${rv_stage_file%.stage}.steps ]] || return 0
  rv_line=$(grep -m 1 "^$rv_id " "${rv_stage_file%.stage}.steps") || return
  eval "${rv_line#* }"
}

rv_main() {
  rv_stage_file=$1 rv_id=$2 rv_index=$3 rv_top=$PWD rv_group='' rv_guard_pid=''
  rv_logs_address='' rv_host=${HOSTNAME//[^A-Za-z0-9._-]/_}
  rv_work=$rv_top/$rv_id.work rv_job=$rv_work/job rv_own=$rv_work/own rv_known=$rv_work/own/known
  rv_start_clock
  rv_now && rv_start=$rv_reply rv_execution=$rv_id-$rv_start-$$-$rv_host
  # Nothing is left here but what an attempt that was killed has left.
  for rv_reply in "$rv_work" "$rv_top/$rv_id.result.json"; do
    [[ ! -e $rv_reply && ! -L $rv_reply ]] || rm -rf -- "$rv_reply"
  done
  if ! rv_make_directories || ! rv_read_stage; then
    echo "relval-step.sh: cannot read $rv_stage_file, or cannot write to $rv_top" >&2
    exit "$rv_exit_usage"
  fi
  for rv_reply in stdout.log stderr.log logs validation_report.txt; do : >"$rv_id.$rv_reply"; done
  rv_reserve 2>/dev/null
  rv_describe
  rv_write_result
  trap 'rv_on_signal SIGTERM 15' TERM
  trap 'rv_on_signal SIGINT 2' INT
  trap 'rv_on_signal SIGQUIT 3' QUIT
  trap 'rv_on_signal SIGHUP 1' HUP
  rv_read_logs_address
  rv_start_guard "${rv_logs_address:+ask}"
  # What follows needs no answer.
  rv_set_variables
  ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -H -c)"
  # so that outputs and patterns find them like any other file of the payload
  ln -- "$rv_id.stdout.log" "$rv_job/stdout.log" && ln -- "$rv_id.stderr.log" "$rv_job/stderr.log"
  if ! rv_may_run; then
    rv_phase=refused
    rv_finish "$rv_exit_refused"
  fi
  if [[ ${#rv_waits[@]} -gt 0 ]] && rv_more && rv_find_blocking; then
    rv_phase=skipped
    rv_finish 0
  fi
  cd "$rv_job" || rv_give_up "$rv_exit_input" input "no directory $rv_job"
  rv_payload
  rv_disk_is_full && rv_give_up "$rv_exit_disk_full" payload "$rv_message"
  if [[ $rv_status != 0 && ! -e $rv_own/room ]]; then
    rv_status=null rv_signal='' rv_timed_out=false
    rv_give_up "$rv_exit_disk_full" payload "the worker's disk was full while the payload ran"
  fi

  rv_say outputs
  rv_note 'after look at the logs'
  rv_guarded rv_finish_payload
  rv_learn "$?" || { rv_more && rv_give_up_guarded; }
  rv_finish 0
}

# Guarded: all that comes after the payload. What it finds out goes to rv_known, for the step's shell.
rv_finish_payload() {
  exec 9>&-
  rv_look_at_logs
  rv_note 'after check the outputs'
  rv_take_outputs || rv_fail output "$rv_message"
  [[ ${#rv_hands_on[@]} -eq 0 && ${#rv_expects[@]} -eq 0 ]] || { rv_more && rv_find_missing; }
  rv_keep "${rv_found_out[@]}"
  rv_note "after store the outputs at $rv_output_dir"
  rv_transfer
}

# What stands here is the business of whoever runs this: nobody else may look into Work Queue's sandbox. Where others find
# files too, only what is made here is closed to them. (install sets the mode of a directory that is there already.)
rv_make_directories() {
  local rv_directories=("$rv_work" "$rv_job" "$rv_own")
  rv_is_in_sandbox && rv_directories+=("$rv_top")
  install -d -m 700 -- "${rv_directories[@]}"
}

# Whether Work Queue has made the directory in which this runs, for this step only. The variable names that directory or, in
# some versions, the worker's directory that it is in.
rv_is_in_sandbox() {
  [[ $WORK_QUEUE_SANDBOX ]] || return
  [[ $WORK_QUEUE_SANDBOX -ef $rv_top ]] || [[ ${rv_top##*/} =~ ^t\.[0-9]+$ && $WORK_QUEUE_SANDBOX -ef ${rv_top%/*} ]]
}

if [[ $# -ne 3 || ! $2 =~ ^[A-Za-z0-9-]+$ || ! $3 =~ ^[0-9]+$ ]]; then
  echo 'Usage: relval-step.sh STAGE-FILE ID INDEX' >&2
  exit "$rv_exit_usage"
fi
rv_close_inherited
exec 7<"${BASH_SOURCE[0]}" # the rest is read from here, when the file may be gone
rv_first_part=$LINENO && rv_main "$@" </dev/null

# ======================================================================================================================
# The second part: what few steps need. Bash has not read it when it runs rv_main, and rv_more reads it, where it is needed.
# A call of one of these functions in the first part stands behind `rv_more &&`.

# --- the guard --------------------------------------------------------------------------------------------------------

rv_look_after() {
  rv_ticks
  rv_read_state
  # Without the worker nobody is left to fetch what this step makes, and another worker runs it again.
  read -r _ _ _ rv_parent_now _ <"/proc/$$/stat" || return
  [[ $rv_parent_now != "$rv_parent" ]] && kill -TERM "$$"
  rv_watch
  # Not in the first moments: nobody can look that soon, and a step that has ended by then is not disturbed at all.
  [[ $rv_streams || ! $rv_logs_address || $((rv_reply - rv_began)) -lt 30 ]] || rv_start_streams
}

rv_end_all() { # the step's shell is gone, and has not ended the step
  rv_read_state
  [[ $rv_guarded_group ]] && kill -KILL -- "-$rv_guarded_group"
  rv_guard_pid=$BASHPID
  [[ ${rv_begun[0]} ]] && rv_end_left "${rv_begun[*]}" /proc/self/fd/4 /proc/self/fd/5
  rm -rf -- ./*
  if [[ $rv_streams ]]; then
    sleep 0.5 # the last words are on their way
    kill -KILL -- "-$rv_streams"
  fi
}

rv_read_state() { # the lines that are new, up to the end
  while IFS= read -r rv_line <&4; do
    case $rv_line in
      group*) rv_guarded_group=${rv_line#group } && rv_guarded_group=${rv_guarded_group#group} ;;
      payload) rv_preparing=$rv_reply ;;
      fetching*) rv_fetching=${rv_line#fetching} && rv_preparing=$rv_reply ;;
      started*)
        read -r -a rv_begun <<<"${rv_line#started }"
        rv_preparing='' rv_next=0
        ;;
      errors*) rv_error_bytes=${rv_line#errors } ;;
      after*) rv_after_doing=${rv_line#after } && : "${rv_after_began:=$rv_reply}" ;;
      limit*) rv_read_limit "${rv_line#limit }" ;;
    esac
  done
}

rv_read_limit() { # PID SECONDS DOING
  local rv_pid=${1%% *} rv_rest=${1#* }
  unset "rv_limits[$rv_pid]"
  [[ $1 == *\ * ]] || return
  rv_limits[rv_pid]=${rv_rest%% *} rv_doings[rv_pid]=${rv_rest#* }
  ((rv_limit_ends[rv_pid] = rv_reply + rv_limits[rv_pid] * 100))
}

rv_watch() { # ends what has taken too long by now, which is rv_reply
  local rv_pid rv_now=$rv_reply rv_elapsed rv_resident=0
  for rv_pid in "${!rv_limits[@]}"; do
    if ((rv_now >= rv_limit_ends[rv_pid])); then
      kill -KILL "$rv_pid"
      unset "rv_limits[$rv_pid]"
    elif ((rv_limits[rv_pid] > 10 && rv_now >= rv_limit_ends[rv_pid] - rv_limits[rv_pid] * 100 + 1000)) && [[ ${rv_doings[rv_pid]} ]]; then
      rv_tell "${rv_doings[rv_pid]}: under way for 10 s, given up after ${rv_limits[rv_pid]} s"
      rv_doings[rv_pid]=''
    fi
  done
  if [[ $rv_after_began ]]; then
    ((rv_now - rv_after_began > rv_after_limit * 100)) || return
    printf 'output\nit took more than %d s to %s after the payload\n' "$rv_after_limit" "$rv_after_doing" >too-slow
    kill -KILL -- "-$rv_guarded_group"
  elif [[ ${rv_begun[0]} ]]; then
    rv_try_room
    ((rv_elapsed = (rv_now - rv_begun[0]) / 100))
    if [[ $rv_wall_time && $rv_elapsed -gt $rv_wall_time ]]; then
      : >timed-out
      kill -KILL -- "-$rv_guarded_group"
      rv_wall_time=''
    fi
    [[ $rv_elapsed -ge $rv_next ]] || return
    # so that of steady growth no more than a twentieth is missed
    ((rv_next = rv_elapsed + (rv_elapsed > 100 ? 5 : rv_elapsed / 20)))
    rv_measure "$rv_guarded_group"
    ((rv_peak = rv_resident > rv_peak ? rv_resident : rv_peak))
    ((rv_peak > rv_known)) && rv_known=$rv_peak && echo "$rv_peak" >>peak-memory
  elif [[ $rv_preparing && ! $rv_fetching ]] && ((rv_now - rv_preparing > rv_environment_limit * 100)); then
    printf 'environment\nthe environment was not set up within %d s\n' "$rv_environment_limit" >too-slow
    kill -KILL -- "-$rv_guarded_group"
  fi
}

# Notes by removing the file `room` that the worker's disk is full at this moment: when the payload has failed for it, there may be
# room again. The file grows, because what it has already can be written again; not for ever.
rv_try_room() {
  [[ -e room ]] || return
  if ((++rv_probes % 64)); then
    printf '%4096s' '' >>room
  else
    printf '%4096s' '' >room
  fi || rm -f room
}

# PID: adds what it and its children have in memory, in kB, to rv_resident, and what one process ever had counts for rv_peak
rv_measure() {
  local rv_lines rv_list rv_child
  mapfile -t rv_lines <"/proc/$1/status" || return
  [[ ${rv_lines[*]} =~ VmHWM:[[:blank:]]*([0-9]+) ]] && ((BASH_REMATCH[1] > rv_peak)) && rv_peak=${BASH_REMATCH[1]}
  [[ ${rv_lines[*]} =~ VmRSS:[[:blank:]]*([0-9]+) ]] && ((rv_resident += BASH_REMATCH[1]))
  for rv_list in "/proc/$1/task"/*/children; do
    rv_lines=()
    read -r -a rv_lines <"$rv_list"
    for rv_child in "${rv_lines[@]}"; do rv_measure "$rv_child"; done
  done
}

# --- live logs --------------------------------------------------------------------------------------------------------

rv_start_streams() {
  set -m
  rv_send_streams </dev/null &
  rv_streams=$!
  set +m
}

rv_send_streams() {
  set +m
  rv_stream stderr &
  rv_stream stdout
  wait
}

# NAME: sends ID.NAME.log as it grows, again and again from where the receiver has it. It ends with the step's shell, also when
# somebody has killed the guard.
rv_stream() {
  local rv_word rv_have rv_tail rv_pause=1
  while kill -0 "$$"; do
    if exec 5<>"$rv_logs_address"; then
      printf '%s %s\n' "$rv_logs_greeting" "$1" >&5
      read -r -t 10 rv_word rv_have <&5
      [[ $rv_word == refused ]] && return
      if [[ $rv_word == have && $rv_have =~ ^[0-9]+$ ]]; then
        # From its standard input tail is not told of every write, but looks five times a second: less work
        # when the payload prints much.
        nice -n 10 tail -c "+$((rv_have + 1))" -s 0.2 -f <"$rv_top/$rv_id.$1.log" >&5 &
        rv_tail=$!
        : >"$rv_own/streaming.$1"
        while read -r -t 60 rv_word <&5; do :; done
        rm -f -- "$rv_own/streaming.$1"
        kill -KILL "$rv_tail"
        wait "$rv_tail"
        rv_pause=1
      fi
      exec 5>&-
    fi
    sleep "$rv_pause"
    ((rv_pause = rv_pause < 5 ? rv_pause * 2 : 10))
  done
}

# Waits until the receiver has all, but not long: the files come back whole anyway, unless the worker is gone. A step that
# did well takes a twentieth of its time, so that live logs cost it next to nothing; less than tail sleeps is of no use.
rv_await_receiver() {
  local rv_time=3000 rv_out rv_asking
  if [[ $rv_phase == "done" && $rv_interrupted == false ]]; then
    rv_now && ((rv_time = (rv_reply - rv_start) / 20))
    ((rv_time > 3000)) && rv_time=3000
  fi
  ((rv_time >= 200)) || return
  rv_size "$rv_top/$rv_id.stdout.log" && rv_out=$rv_reply
  rv_size "$rv_top/$rv_id.stderr.log"
  printf -v rv_time '%d.%03d' $((rv_time / 1000)) $((rv_time % 1000))
  # In a process of its own, because connecting may take minutes.
  exec 6< <(exec 9>&- && echo "$BASHPID" && rv_ask_receiver "end $rv_out $rv_reply" 2>/dev/null)
  IFS= read -r -t 3 rv_asking <&6
  IFS= read -r -t "$rv_time" _ <&6
  exec 6<&-
  [[ $rv_asking ]] && kill -KILL "$rv_asking" 2>/dev/null
}

# --- when something fails ---------------------------------------------------------------------------------------------

rv_terminated() { # SIGNAL NUMBER: somebody ends this step, and will not wait long
  trap '' TERM INT QUIT HUP
  rv_find_phase
  [[ $rv_group ]] && kill -KILL -- "-$rv_group" 2>/dev/null
  rv_interrupted=true rv_signal=\"$1\" rv_message="the step was ended by $1"
  rv_write_result
  rv_say "$rv_message"
  rv_finish $((128 + $2))
}

rv_give_up_guarded() { # what rv_fail said, or why it could not
  [[ -e $rv_own/too-slow ]] && mv -f -- "$rv_own/too-slow" "$rv_own/failed"
  if [[ -e $rv_own/failed ]]; then
    { IFS= read -r rv_phase && IFS= read -r rv_message; } <"$rv_own/failed"
  elif [[ $rv_payload_start != null ]]; then
    rv_phase=output rv_message='what follows the payload was ended'
  else
    rv_find_phase
    if [[ $rv_phase == payload ]]; then
      rv_phase=environment
      rv_last_words
      rv_message="the environment command ended the shell${rv_reply:+: $rv_reply}"
    fi
  fi
  case $rv_phase in
    environment) rv_give_up "$rv_exit_environment" environment "$rv_message" ;;
    output) rv_give_up "$rv_exit_output" output "$rv_message" ;;
    skipped) rv_unmade=1 && rv_finish 0 ;;
    *) rv_give_up "$rv_exit_input" input "${rv_message:-the directory of the step, $rv_own, is gone}" ;;
  esac
}

rv_find_phase() { # the payload's, where the guarded command has fetched the inputs
  local rv_state=''
  IFS= read -r -d '' rv_state <"$rv_own/state"
  [[ $rv_phase != input || $'\n'$rv_state != *$'\npayload\n'* ]] || rv_phase=payload
} 2>/dev/null

rv_explain_exit() { # EXIT-STATUS: sets phase, signal and message; prints a line for the payload's log when it was killed
  local rv_name
  rv_phase=payload rv_message="the payload ended with status $1"
  if [[ $rv_out_of_memory == true ]]; then
    rv_say_memory_limit
    # other steps of this worker may have the same limit: what was killed need not be of this one
    rv_message+=", and the $rv_reply killed a process"
  fi
  if [[ $1 -gt 128 ]] && rv_name=$(kill -l $(($1 - 128)) 2>/dev/null); then
    rv_signal=\"SIG$rv_name\"
    if [[ $rv_timed_out == true ]]; then
      rv_message="Killed: the payload exceeded its time limit of $rv_wall_time s"
    elif [[ $rv_name == KILL && $rv_out_of_memory == true ]]; then
      rv_message="Killed by the $rv_reply"
    elif [[ $rv_name == KILL ]]; then
      rv_message="Killed: the payload was ended by SIGKILL, perhaps for its memory"
    elif [[ $rv_out_of_memory == false ]]; then
      rv_message="the payload was ended by SIG$rv_name"
    fi
  elif [[ $rv_out_of_memory == false ]]; then
    return
  fi
  printf '\nrelval: %s\n' "$rv_message"
}

rv_say_memory_limit() { # sets rv_reply
  rv_reply='memory limit'
  read -r rv_limit <"$rv_limit_file"
  # without a limit it is no number, or one that no machine has
  [[ $rv_limit =~ ^[0-9]{1,16}$ ]] && rv_reply+=" of $((rv_limit / 1048576)) MB"
}

rv_last_words() { # the same of the payload's stderr or, where it has said nothing there, of its stdout
  rv_last_line "$rv_top/$rv_id.stderr.log"
  [[ $rv_reply ]] || rv_last_line "$rv_top/$rv_id.stdout.log"
}

# MESSAGE: into this script's own log, and for who follows the step into its stderr, unless it would pass for an error of the
# payload. Not for what always happens.
rv_tell() {
  local rv_log=$rv_top/$rv_id.stderr.log rv_copy=$rv_own/stderr.$BASHPID rv_break='' rv_reply
  rv_mask "$1"
  rv_say "$rv_reply"
  printf '%s\n' "$rv_reply" | grep -a -q -F -f "$rv_top/relval-patterns" && return
  # When stderr.log is an output, one name is left with what is being transferred, and the other one grows.
  if [[ $rv_error_bytes && $rv_job/stderr.log -ef $rv_log ]]; then
    head -c "$rv_error_bytes" -- "$rv_log" >"$rv_copy" && mv -f -- "$rv_copy" "$rv_job/stderr.log" || return
  fi
  [[ $(tail -c 1 -- "$rv_log" | tr '\0' x) ]] && rv_break=$'\n'
  printf '%srelval: %s\n' "$rv_break" "$rv_reply" >>"$rv_log"
} 2>/dev/null

rv_tell_failure() { # ATTEMPT REASON
  local rv_next=''
  (($1 < rv_attempts)) && rv_next="; next attempt in $((rv_copy_pause * $1)) s"
  rv_tell "$rv_doing: ${2:-it failed and did not say why}$rv_next"
}

rv_find_blocking() { # sets rv_message to why this step must not run; false when it may
  local rv_files
  rv_files=$(printf '%s.result.json\0' "${rv_waits[@]}" | xargs -0 grep -l '^"blocking": true' -- 2>/dev/null)
  [[ $rv_files ]] || return 1
  rv_files=${rv_files%%$'\n'*}
  # one that was not run itself knows which one is to blame
  rv_message=$(sed -n 's/^"message": "\(not run, because [^"]*\)"$/\1/p' -- "$rv_files")
  : "${rv_message:=not run, because ${rv_files%.result.json} did not succeed}"
}

# --- inputs -----------------------------------------------------------------------------------------------------------

rv_unpack() { # FILE: then removes it
  case $1 in
    # the names are data: without ./ a colon would name a machine for tar, and a hyphen an option
    *.tar.gz | *.tgz) rv_need tar "unpack $1" && rv_need gzip "unpack $1" && tar xzf "./$1" ;;
    *.tar.bz2) rv_need tar "unpack $1" && rv_need bzip2 "unpack $1" && tar xjf "./$1" ;;
    *.zip) rv_need unzip "unpack $1" && unzip -o -q "./$1" ;;
    *) rv_message="cannot unpack $1: only .tar.gz, .tar.bz2 and .zip" && return 1 ;;
  esac && rm -f -- "$1"
}

rv_miss_input() { # after an attempt that failed: waits for the next one, or ends the guarded command
  if rv_find_unmade "$rv_from"; then
    rv_say "$rv_message"
    rv_fail skipped "$rv_message"
  fi
  [[ $rv_message ]] && rv_attempt=$rv_attempts # no use in trying again
  rv_last_line "$rv_own/scratch"
  rv_tell_failure "$rv_attempt" "${rv_message:-$rv_reply}"
  : "${rv_message:=input $rv_name from $rv_from: ${rv_reply:-it failed and did not say why}}"
  ((rv_attempt < rv_attempts)) || rv_fail input "$rv_message"
  sleep $((rv_copy_pause * rv_attempt))
}

# FROM: true when an earlier step was to make this input, and did not: then nobody can fetch it, however often it is tried.
# Sets rv_message.
rv_find_unmade() {
  local rv_i rv_result
  for ((rv_i = 0; rv_i < ${#rv_makers[@]}; rv_i += 3)); do
    [[ ${rv_makers[rv_i]} == "$1" ]] || continue
    rv_result=$rv_top/${rv_makers[rv_i + 1]}.result.json
    rv_string "${rv_makers[rv_i + 2]}"
    [[ -e $rv_result ]] && ! grep -q -F "{\"name\": $rv_reply, " -- "$rv_result" || return
    # one that was not run itself knows which one is to blame
    rv_message=$(sed -n 's/^"message": "\(not run, because [^"]*\)"$/\1/p' -- "$rv_result")
    : "${rv_message:=not run, because ${rv_makers[rv_i + 1]} did not make ${rv_makers[rv_i + 2]}}"
    return 0
  done
  return 1
}

# COMMAND…: instead of this subshell. By itself a client tries for ten minutes to reach a server that is not there, and when
# its time is over nobody knows why.
rv_xrootd() {
  export XRD_CONNECTIONWINDOW="${XRD_CONNECTIONWINDOW:-15}" XRD_CONNECTIONRETRY="${XRD_CONNECTIONRETRY:-2}"
  exec "$@"
}

# --- logs -------------------------------------------------------------------------------------------------------------

rv_list_all_logs() {
  local rv_entry
  if ! rv_list_logs . ''; then
    # the payload's own directories, into which nobody may look
    chmod -R u+rwX . 2>/dev/null
    rv_paths=() rv_names=() rv_sizes=() rv_links=()
    rv_list_logs . '' || { rv_last_line "$rv_own/unseen.$rv_depth" && rv_cannot_read 'a directory' "$rv_reply"; }
  fi
  # after all others: a link to one of them is no other log
  for rv_entry in "${rv_links[@]}"; do rv_look_at_link "$rv_entry"; done
}

# DIRECTORY PREFIX [FIND-OPTION…]: looks at every log below it, by the name PREFIX and its path there. False when find could not
# see everything.
rv_list_logs() {
  local rv_line rv_type rv_rest rv_directory=$1 rv_prefix=$2
  shift 2
  while IFS= read -r -d '' rv_line; do
    rv_type=${rv_line:0:1} rv_rest=${rv_line:2}
    if [[ -L $rv_directory/${rv_rest#* } ]]; then
      rv_links+=("$rv_type ${rv_rest#* }")
    else
      rv_look_at "$rv_directory/${rv_rest#* }" "$rv_prefix${rv_rest#* }" "$rv_type" "${rv_rest%% *}"
    fi
  done < <(
    exec find "$rv_directory" "$@" -regextype posix-extended \
      \( ! -type d -iregex ".*/($rv_log_name|$rv_archive_name)" -o -type f -name 'core*' -o -type l -xtype d -iregex '.*logs?' \) \
      ! -samefile "$rv_top/$rv_id.stdout.log" ! -samefile "$rv_top/$rv_id.stderr.log" -printf '%Y %s %P\0' 2>"$rv_own/unseen.$rv_depth"
  )
  [[ ! -s $rv_own/unseen.$rv_depth ]]
}

rv_look_at_link() { # TYPE NAME, as one word, below the payload's directory
  local rv_name=${1#* } rv_path rv_target
  for rv_path in "${rv_paths[@]}"; do [[ $rv_name -ef $rv_path ]] && return; done
  case $1 in
    f\ *) rv_size "$rv_name" && rv_look_at "./$rv_name" "$rv_name" f "$rv_reply" ;;
    d\ *)
      rv_target=$(readlink -f -- "$rv_name")
      [[ $rv_target/ == "$(readlink -f .)"/* ]] && return
      rv_links=()
      rv_list_logs "$rv_name/" "$rv_name/" -maxdepth 3 || rv_cannot_read "$rv_name" 'a directory that it leads to may not be read'
      ;;
    *) rv_look_at "./$rv_name" "$rv_name" "${1%% *}" 0 ;;
  esac
}

rv_look_at() { # PATH NAME TYPE BYTES, of one that passes for a log or an archive
  local rv_path=$1 rv_name=$2 rv_bytes=$4 rv_base=${2##*/} rv_magic=''
  local rv_lower=${rv_base,,}
  if [[ $rv_lower == core* && ! $rv_lower =~ ^($rv_log_name|$rv_archive_name)$ ]]; then
    ! rv_is_core_dump || rv_core_dumps+=("$rv_name")
    return
  fi
  if [[ $3 != f ]]; then
    [[ $rv_path -ef /dev/null ]] && return
    case $rv_lower/$3 in
      *.log*/[NL]) rv_cannot_read "$rv_name" 'it is a link that leads to nothing' ;;
      *.log*/*) rv_cannot_read "$rv_name" 'it is no file, but a pipe, a socket or a device' ;;
    esac
    return
  fi
  [[ -r $rv_path ]] || chmod u+r -- "$rv_path" 2>/dev/null
  if [[ ! -r $rv_path ]]; then
    rv_cannot_read "$rv_name" 'nobody may read it'
    return
  fi
  [[ $rv_bytes == 0 ]] || IFS= read -r -d '' -n 6 rv_magic <"$rv_path"
  if [[ $rv_fast ]]; then
    [[ $rv_lower =~ ^$rv_archive_name$ ]] || rv_add_log "$rv_path" "$rv_name" "$rv_bytes"
    return
  fi
  [[ ! $rv_lower =~ ^$rv_archive_name$ ]] || { rv_look_into_archive && return; }
  case $rv_magic in
    $'\037\213'* | $'\037\235'*) rv_uncompress gzip -dc ;;
    BZh[1-9]*) rv_uncompress bzip2 -dc ;;
    $'\3757zXZ'*) rv_uncompress xz -dc ;;
    $'\050\265\057\375'*) rv_uncompress zstd -dcq ;;
    $'\004\042\115\030'*) rv_uncompress lz4 -dc ;;
    $'PK\003\004'*) rv_look_into_archive ;;
    $'7z\274\257'*) rv_cannot_read "$rv_name" 'nothing here unpacks 7z' ;;
    $'Rar!\032'*) rv_cannot_read "$rv_name" 'nothing here unpacks rar' ;;
    $'\377\376'* | $'\376\377'*) rv_uncompress tr -d '\000\376\377' ;;
    *)
      if rv_is_wide || rv_is_very_wide; then
        rv_uncompress tr -d '\000\376\377'
      elif [[ $rv_lower == *.log || ($rv_lower == *.log* && $rv_lower != *.root) ]] || ! rv_is_binary; then
        rv_add_log "$rv_path" "$rv_name" "$rv_bytes"
      fi
      ;;
  esac
}

rv_is_wide() { # rv_path: two bytes a character, one of which is 0
  local rv_first='' rv_second='' rv_third=''
  [[ ${#rv_magic} -le 1 && $rv_bytes -gt 3 ]] || return
  {
    IFS= read -r -d '' -n 2 rv_first
    IFS= read -r -d '' -n 2 rv_second
    IFS= read -r -d '' -n 2 rv_third
  } <"$rv_path"
  [[ ${#rv_first} -le 1 && ${#rv_second} -eq 1 && ${#rv_third} -eq 1 ]]
}

rv_is_very_wide() { # rv_path: four bytes a character, three of which are 0, with a mark before them or without
  local rv_begin rv_one='[1-9][0-9]*'
  [[ ${#rv_magic} -le 1 && $rv_bytes -gt 7 ]] || return
  read -r -a rv_begin <<<"$(od -A n -t u1 -v -N 8 -- "$rv_path" 2>/dev/null)"
  [[ "${rv_begin[*]}" =~ ^(0\ 0\ (0\ $rv_one|254\ 255)\ 0\ 0\ 0\ $rv_one|$rv_one\ 0\ 0\ 0\ $rv_one\ 0\ 0\ 0)$ ]]
}

rv_is_binary() { # rv_path: one of the first bytes is 0
  local rv_text=''
  IFS= read -r -d '' -n 512 rv_text <"$rv_path" && [[ ${#rv_text} -lt 512 ]]
}

rv_is_core_dump() { # rv_path: by what it is called, or holds: correlations.root and core.C are none
  local rv_type='^ +(4 +0|0 +4)$' # ET_CORE, in either byte order
  [[ $rv_base =~ ^core(\.[0-9]+)?$ ]] && return
  IFS= read -r -d '' -n 4 rv_magic <"$rv_path"
  [[ $rv_magic == $'\177ELF' && $(od -A n -t d1 -j 16 -N 2 -- "$rv_path" 2>/dev/null) =~ $rv_type ]]
}

rv_add_log() { # PATH NAME BYTES
  rv_paths+=("$1") rv_names+=("$2") rv_sizes+=("$3")
}

# COMMAND…: writes the text of rv_path to its standard output. NAME.gz becomes NAME.gz/NAME: a rule for NAME is for it too.
rv_uncompress() {
  local rv_to rv_plain=$rv_base rv_whole rv_depth=$((rv_depth + 1))
  case $rv_lower in *.gz | *.bz2 | *.xz | *.zst | *.lz4 | *.z) rv_plain=${rv_base%.*} ;; esac
  if ! type -P -- "$1" >/dev/null; then
    rv_cannot_read "$rv_name" "$1 is missing on $HOSTNAME"
    return
  elif ((rv_depth > 3)); then
    rv_cannot_read "$rv_name" 'it is packed too often'
    return
  fi
  rv_to=$rv_own/unpacked.$((++rv_unpacked))
  (ulimit -S -f "$rv_unpacked_limit" && exec "$@") <"$rv_path" >"$rv_to" 2>"$rv_own/scratch"
  rv_whole=$?
  rv_last_line "$rv_own/scratch"
  [[ $rv_whole == 0 ]] || rv_cannot_read "$rv_name" "$1 ended with status $rv_whole${rv_reply:+: $rv_reply}"
  rv_size "$rv_to" && rv_look_at "$rv_to" "$rv_name/$rv_plain" f "$rv_reply"
}

# The logs in the archive rv_path; false when it is none, whatever its name. Inputs are not the payload's.
rv_look_into_archive() {
  local rv_to rv_input rv_status rv_kind rv_depth=$((rv_depth + 1)) rv_links=()
  case $rv_magic in
    $'PK\003\004'*) rv_kind=zip ;;
    $'PK\005\006'*) return 0 ;; # nothing is in it
    $'\037\213'* | BZh[1-9]* | $'\3757zXZ'* | $'\050\265\057\375'*) rv_kind=tar ;;
    *) [[ $(head -c 262 -- "$rv_path" | tail -c 5 | tr -d '\0') == ustar ]] && rv_kind=tar || return ;;
  esac
  while IFS= read -r -d '' rv_input; do
    [[ $rv_input != "$rv_name" || $rv_path -nt $rv_own/known ]] || return 0
  done < <(rv_print_inputs)
  if ((rv_depth > 3)); then
    rv_cannot_read "$rv_name" 'it is packed too often'
    return 0
  fi
  rv_to=$rv_own/unpacked.$((++rv_unpacked))
  mkdir -- "$rv_to"
  "rv_unpack_logs_of_$rv_kind" 2>"$rv_own/scratch"
  rv_status=$?
  rv_last_line "$rv_own/scratch"
  [[ $rv_status == 0 ]] || rv_cannot_read "$rv_name" "${rv_reply:-$rv_kind ended with status $rv_status}"
  rv_list_logs "$rv_to" "$rv_name/"
  return 0
}

rv_unpack_logs_of_zip() { # rv_path, to rv_to
  if ! type -P unzip >/dev/null; then
    # names are in clear
    grep -a -q -i -F -e .log -e .zip -e .tar -- "$rv_path" || return 0
    echo "unzip is missing on $HOSTNAME" >&2
    return 1
  fi
  (ulimit -S -f "$rv_unpacked_limit" && exec unzip -o -q -C -d "$rv_to" "$rv_path" '*.log' '*.log[0-9._~-]*' '*.err' '*.out' '*stderr' '*stdout' \
    '*.zip' '*.tar' '*.tar.*' '*.tgz' '*.tbz' '*.tbz2' '*.txz') >&2
  case $? in 0 | 1 | 11) ;; *) return 1 ;; esac # 11: there are none
}

rv_unpack_logs_of_tar() { # rv_path, to rv_to
  local rv_status
  tar tf "$rv_path" >"$rv_own/members"
  rv_status=$?
  grep -a -i -E "(^|/)($rv_log_name|$rv_archive_name)\$" -- "$rv_own/members" >"$rv_own/members-wanted" || return "$rv_status"
  (ulimit -S -f "$rv_unpacked_limit" && exec tar xf "$rv_path" -C "$rv_to" --no-recursion -T "$rv_own/members-wanted")
}

rv_report_errors() { # known errors of every log, as file:line:message, and core dumps, in own/report, where there are any
  local rv_core rv_i rv_near=()
  {
    for rv_i in stdout.log stderr.log; do
      if [[ $rv_i -ef $rv_top/$rv_id.$rv_i ]]; then rv_near+=("$rv_i"); else rv_grep "$rv_i" <"$rv_top/$rv_id.$rv_i"; fi
    done
    for ((rv_i = 0; rv_i < ${#rv_paths[@]}; rv_i++)); do
      if [[ ${rv_paths[rv_i]} == ./* ]]; then
        rv_near+=("${rv_names[rv_i]}")
      else
        rv_grep "${rv_names[rv_i]}" <"${rv_paths[rv_i]}"
      fi
    done
    if [[ ${#rv_near[@]} -gt 100 ]]; then
      printf '%s\0' "${rv_near[@]}" | xargs -0 grep -a -H -n -F -f "$rv_top/relval-patterns" --
    elif [[ ${#rv_near[@]} -gt 0 ]]; then
      grep -a -H -n -F -f "$rv_top/relval-patterns" -- "${rv_near[@]}"
    fi
    for rv_core in "${rv_core_dumps[@]}"; do printf '%s:0:core dumped\n' "$rv_core"; done
  } >"$rv_own/matches" 2>/dev/null
  [[ ! -s $rv_own/matches ]] || cut -b -4000 -- "$rv_own/matches" | rv_masked >"$rv_own/report"
}

rv_grep() { # NAME, of standard input
  grep -a -H -n -F -f "$rv_top/relval-patterns" --label="$1"
}

# Standard input with every text of rv_masks replaced by as many asterisks. Those texts reach sed by a pipe: neither a file
# nor a command line has them.
rv_masked() {
  [[ $rv_masks ]] || exec cat
  export LC_ALL=C # the payload's environment may have another one
  exec sed -f <(printf '%s\n' "$rv_masks" | sed 'h; s,[/.*[^$\\],\\&,g; x; s,.,*,g; x; G; s,\n,/,; s,.*,s/&/g,')
}

# Frames, one a log: "relval-log-1 BYTES HEAD OMITTED NAME", then BYTES bytes of which OMITTED were left out after the first
# HEAD, then a line feed. What stands between the logs is written to files, so that one cat writes all.
rv_pack_logs() {
  local rv_i rv_keep rv_bytes rv_omitted rv_piece rv_name rv_parts=() rv_room=$rv_logs_limit
  for ((rv_i = 0; rv_i < ${#rv_paths[@]}; rv_i++)); do
    rv_bytes=${rv_sizes[rv_i]} rv_piece=${rv_paths[rv_i]} rv_omitted=0
    rv_name=${rv_names[rv_i]//$'\n'/$'\342\220\244'} # a frame's name is a line
    [[ $rv_name != relval-step.log ]] || rv_name=payload-relval-step.log
    ((rv_keep = rv_log_limit < rv_room ? rv_log_limit : rv_room))
    if ((rv_bytes > rv_keep)); then
      ((rv_omitted = rv_bytes - rv_keep))
      rv_piece=$rv_own/piece.$rv_i
      head -c $((rv_keep / 2)) -- "${rv_paths[rv_i]}" >"$rv_piece"
      tail -c $((rv_keep - rv_keep / 2)) -- "${rv_paths[rv_i]}" >>"$rv_piece"
      rv_find_left_out "${rv_paths[rv_i]}" $((rv_keep / 2)) "$rv_omitted" "logs/$rv_name"
      rv_bytes=$rv_keep
    fi
    ((rv_room -= rv_bytes))
    printf 'relval-log-1 %d %d %d %s\n' "$rv_bytes" $((rv_omitted > 0 ? rv_bytes / 2 : rv_bytes)) "$rv_omitted" "$rv_name" >"$rv_own/frame.$rv_i"
    rv_parts+=("$rv_own/frame.$rv_i" "$rv_piece" "$rv_own/frame-end")
  done
  echo >"$rv_own/frame-end"
  printf '%s\0' "${rv_parts[@]}" | xargs -0 cat --
}

rv_leave_out() { # NAME: the middle of rv_file
  [[ $rv_interrupted == true ]] || rv_find_left_out "$rv_file" "$rv_half" $((rv_bytes - 2 * rv_half)) "$1"
  {
    head -c "$rv_half" -- "$rv_file" &&
      printf '\n[relval: %d bytes left out here]\n' $((rv_bytes - 2 * rv_half)) &&
      tail -c "$rv_half" -- "$rv_file"
  } >"$rv_own/piece" && mv -f -- "$rv_own/piece" "$rv_file"
}

# FILE FROM BYTES NAME: this part of a log does not come back. The lines with known errors do, each with three lines around
# it: "relval-lines-1 BYTES BEFORE NAME", then what grep -n says of the part, before which there are BEFORE lines.
rv_find_left_out() {
  local rv_from=$2 rv_to=$(($2 + $3 + 300)) rv_before rv_excerpt=$rv_own/found
  # what is across the border is in neither part
  ((rv_from = rv_from > 300 ? rv_from - 300 : 0))
  rv_before=$(head -c "$rv_from" -- "$1" | wc -l)
  rv_left_out "$1" | grep -a -n -C 3 -F -f "$rv_top/relval-patterns" 2>/dev/null | head -c "$rv_context_limit" >"$rv_excerpt"
  rv_size "$rv_excerpt"
  if ((rv_reply == rv_context_limit)); then
    # too many: of each kind the first one
    rv_left_out "$1" | grep -a -n -F -f "$rv_top/relval-patterns" | cut -b -2000 |
      sed $'h; s/^[0-9]*://; s/[0-9][0-9]*/0/g; s/\001//g; G; s/\\n/\001/' | sort -s -u -t $'\001' -k 1,1 | cut -d $'\001' -f 2- |
      head -c "$rv_kinds_limit" >"$rv_excerpt.kinds"
    rv_size "$rv_excerpt.kinds"
    ((rv_reply < rv_kinds_limit)) || rv_cannot_read "$4" 'there are more errors in it than can come back'
    echo >>"$rv_excerpt"
    cat -- "$rv_excerpt.kinds" >>"$rv_excerpt"
    rv_find_in_long_lines "$1"
    rv_size "$rv_excerpt"
  fi
  ((rv_reply > 0)) || return 0
  {
    printf 'relval-lines-1 %d %d %s\n' "$rv_reply" "$rv_before" "$4"
    cat -- "$rv_excerpt"
    printf '\n'
  } >>"$rv_own/left-out"
}

# FILE: of each text in lines that are longer than what comes back of a line of each kind, the first place, with what is around it
rv_find_in_long_lines() {
  local rv_long=$rv_excerpt.long rv_line rv_number rv_at
  rv_left_out "$1" | grep -a -n -F -f "$rv_top/relval-patterns" | grep -a '^.\{2001\}' >"$rv_long" || return
  while IFS=: read -r rv_line rv_at _; do
    rv_number=$(tail -n "+$rv_line" -- "$rv_long" | head -c 20)
    ((rv_at = rv_at > 500 ? rv_at - 500 : 0))
    printf '%s:... %s\n' "${rv_number%%:*}" "$(tail -c "+$((rv_at + 1))" -- "$rv_long" | head -c 2000 | tr '\n' ' ')"
  done < <(grep -a -n -b -o -F -f "$rv_top/relval-patterns" -- "$rv_long" | sort -s -u -t : -k 3 | head -n 200) >>"$rv_excerpt"
}

rv_left_out() { # FILE: its bytes from rv_from to rv_to, without colours, and without the NUL bytes of other encodings
  local rv_head
  rv_head=$(head -c 65536 -- "$1" | tr -d '\0')
  if [[ $rv_head == *$'\033['* ]]; then
    tail -c "+$((rv_from + 1))" -- "$1" | head -c $((rv_to - rv_from)) | tr -d '\0' | sed $'s/\033\\[[0-9;]*[A-Za-z]//g'
  else
    tail -c "+$((rv_from + 1))" -- "$1" | head -c $((rv_to - rv_from)) | tr -d '\0'
  fi
}

# --- outputs ----------------------------------------------------------------------------------------------------------

# FILE NAME: names an output in rv_cut_off whose own format says that its end is missing. Whatever a file is called: one that
# does not begin as its format does is none.
rv_check_whole() {
  local rv_bytes rv_end rv_tool=''
  case $1 in
    *.root | *.zip | *.tar | *.gz | *.tgz | *.bz2 | *.xz | *.zst) ;;
    *) return ;;
  esac
  # shellcheck disable=SC2207 # numbers
  rv_bytes=($(od -A n -t u1 -v -N 28 -- "$1" 2>/dev/null))
  rv_size "$1"
  case "$1 ${rv_bytes[*]:0:4} " in
    *.root\ 114\ 111\ 111\ 116\ *) ! rv_is_cut_root "$rv_reply" "${rv_bytes[@]}" || rv_cut_off+=("$2") ;;
    # the record at the end, behind which there is nothing but a comment whose length it has
    *.zip\ 80\ 75\ [35]\ [46]\ *)
      tail -c 65557 -- "$1" >"$rv_own/piece"
      rv_size "$rv_own/piece"
      rv_end=$(grep -a -b -o -F $'PK\005\006' -- "$rv_own/piece" | tail -n 1 | cut -d : -f 1 | tr -d '\0')
      # shellcheck disable=SC2207
      [[ $rv_end ]] && rv_bytes=($(od -A n -t u1 -v -j $((rv_end + 20)) -N 2 -- "$rv_own/piece" 2>/dev/null))
      [[ $rv_end && ${#rv_bytes[@]} -eq 2 && $((rv_end + 22 + rv_bytes[0] + rv_bytes[1] * 256)) -le $rv_reply ]] || rv_cut_off+=("$2")
      ;;
    *.gz\ 31\ 139\ * | *.tgz\ 31\ 139\ *) rv_tool=gzip ;;
    *.bz2\ 66\ 90\ 104\ *) rv_tool=bzip2 ;;
    *.xz\ 253\ 55\ 122\ 88\ *) rv_tool=xz ;;
    *.zst\ 40\ 181\ 47\ 253\ *) rv_tool=zstd ;;
    # whole records, and two of zeros at the end
    *.tar\ *)
      [[ $(head -c 262 -- "$1" | tail -c 5) == ustar ]] || return
      ((rv_reply % 512 == 0)) && [[ ! $(tail -c 1024 -- "$1" | tr -d '\0') ]] || rv_cut_off+=("$2")
      ;;
  esac 2>/dev/null
  [[ $rv_tool ]] && type -P "$rv_tool" >/dev/null || return
  "$rv_tool" -t -- "$1" >/dev/null 2>&1
  # other statuses tell of something behind the end, or that it was killed
  case $rv_tool$? in gzip1 | bzip22 | xz1 | zstd1) rv_cut_off+=("$2") ;; esac
}

# SIZE BYTE…: whether a ROOT file of that size and with these first 28 bytes has no end: "root", the version, where the first
# object begins, where the last one ends, and where the list of free places is, which is written when the file is closed: the
# last two in 8 bytes from version 1000000 on.
rv_is_cut_root() {
  local rv_size=$1 rv_bytes=("${@:2}") rv_begin rv_end rv_free=0
  [[ "${rv_bytes[*]:0:5}" == '114 111 111 116 0' && ${#rv_bytes[@]} -ge 20 ]] || return
  rv_number 8 4 && rv_begin=$rv_number
  if (((rv_bytes[5] << 16 | rv_bytes[6] << 8 | rv_bytes[7]) < 1000000)); then
    rv_number 12 4 && rv_end=$rv_number && rv_number 16 4
  else
    rv_number 12 8 && rv_end=$rv_number && rv_number 20 8
  fi
  [[ ${#rv_bytes[@]} -lt 28 ]] || rv_free=$rv_number
  ((rv_size < rv_end || rv_free <= rv_begin))
}

rv_number() { # FROM COUNT: sets rv_number to the number that so many of rv_bytes are, the highest first
  local rv_i
  rv_number=0
  for ((rv_i = $1; rv_i < $1 + $2; rv_i++)); do ((rv_number = rv_number << 8 | rv_bytes[rv_i])); done
  return 0
}

# FILE NAME: names the empty files in an archive that the payload made in rv_empty, and its cut ROOT files in rv_cut_off
rv_check_members() {
  local rv_line rv_bytes rv_file=$1 rv_list=$rv_own/members
  case $1 in *.zip | *.tar | *.tar.* | *.tgz) ;; *) return ;; esac
  [[ $1 == /* ]] || rv_file=./$1
  case $1 in
    *.zip) unzip -l "$rv_file" | sed -n 's/^ *\([0-9][0-9]*\)  [0-9-]* [0-9:]*   /\1 /p' ;;
    *.tar | *.tar.* | *.tgz) tar tvf "$rv_file" | sed -n 's/^-[^ ]*  *[^ ]*  *\([0-9][0-9]*\) [0-9-]* [0-9:]* /\1 /p' ;;
  esac 2>/dev/null </dev/null >"$rv_list"
  # the end of a directory without entries
  [[ $1 != *.zip || $(head -c 4 -- "$rv_file" | tr -d '\0') != $'PK\005\006' ]] || rv_empty+=("$2")
  while IFS= read -r rv_line; do
    rv_empty+=("$2/${rv_line#0 }")
  done < <(grep -a '^0 .*[^/]$' -- "$rv_list" | head -n 100)
  grep -a -q '\.root$' -- "$rv_list" || return
  while IFS= read -r rv_line; do
    read -r -a rv_bytes <<<"${rv_line%%/*}"
    ! rv_is_cut_root "${rv_bytes[@]}" || rv_cut_off+=("$2/${rv_line#*/}")
  done < <(rv_begins_of_members 2>/dev/null </dev/null)
}

# Of each ROOT file in the archive rv_file, whose members are in rv_list: SIZE BYTE…/NAME, of its first 28 bytes.
rv_begins_of_members() {
  local rv_line rv_name
  if [[ $rv_file == *.zip ]]; then
    grep -a '\.root$' -- "$rv_list" | while IFS= read -r rv_line; do
      # unzip takes a name for a pattern
      rv_name=${rv_line#* }
      rv_name=${rv_name//\\/\\\\} && rv_name=${rv_name//\[/\\[} && rv_name=${rv_name//\*/\\*} && rv_name=${rv_name//\?/\\?}
      printf '%s%s/%s\n' "${rv_line%% *}" "$(unzip -p "$rv_file" "$rv_name" </dev/null | head -c 28 | od -A n -t u1 -v | tr '\n' ' ')" "${rv_line#* }"
    done
  else
    # shellcheck disable=SC2016 # for the shell that tar starts
    tar xf "$rv_file" --wildcards '*.root' \
      -C "$rv_own" --to-command='printf "%s%s/%s\n" "$TAR_SIZE" "$(head -c 28 | od -A n -t u1 -v | tr "\n" " ")" "$TAR_FILENAME"; cat >/dev/null'
  fi
}

rv_make_archive() { # of the files in the zip lists
  rv_need zip "make $rv_archive" || return 1
  rv_note "after make $rv_archive"
  rv_zip "$rv_own/archive.zip" >"$rv_own/scratch" 2>&1 || {
    rv_last_line "$rv_own/scratch"
    rv_message="zip could not make $rv_archive: $rv_reply"
    return 1
  }
  rv_path=$rv_own/zip/$rv_archive
  { mkdir -p -- "${rv_path%/*}" && mv -f -- "$rv_own/archive.zip" "$rv_path"; } >"$rv_own/scratch" 2>&1 || {
    rv_last_line "$rv_own/scratch"
    rv_message="$rv_archive could not be put into its place${rv_reply:+: $rv_reply}"
    return 1
  }
  rv_add_output "$rv_path" "$rv_archive"
}

rv_zip() { # FILE: of the files in the zip lists, each of which is named after its compression level
  local rv_level
  for rv_level in 0 9; do
    [[ ! -e $rv_own/zip-list.$rv_level ]] || zip -q "-$rv_level" "$1" -@ <"$rv_own/zip-list.$rv_level" || return
  done
}

rv_find_missing() { # what later stages read must be there: a file, or an archive of that name
  local rv_pattern rv_name rv_kind rv_i
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    [[ -f ${rv_hands_on[rv_i]} ]] || rv_missing+=("${rv_hands_on[rv_i]}")
  done
  for rv_pattern in "${rv_expects[@]}"; do
    [[ -f $rv_pattern ]] && continue # a name, whatever characters are in it
    # Its name says that a file is meant, and no directory.
    rv_kind=''
    [[ ! ${rv_pattern##*/} =~ \.[A-Za-z0-9]+$ ]] || rv_kind=files
    rv_match "$rv_pattern" "$rv_kind"
    [[ ${#rv_found[@]} -gt 0 ]] && continue
    for rv_name in "${rv_out_names[@]}"; do
      # shellcheck disable=SC2053 # a pattern
      [[ $rv_kind && $rv_name == $rv_pattern/* ]] && continue
      # shellcheck disable=SC2053 # a pattern
      [[ $rv_name == "$rv_pattern" || $rv_name == $rv_pattern ]] && continue 2
    done
    rv_missing+=("$rv_pattern")
  done
}

rv_copy_to_server() { # FILE NAME: sets rv_reply to the size that it has there
  local rv_target rv_server rv_path rv_parameters=''
  [[ $2 != *\?* ]] || { echo "a name with a question mark cannot be stored at an XRootD address" && return 1; }
  # an address has its parameters behind the name of the file, and both of xrdfs' words have them
  [[ $rv_output_dir == *\?* ]] && rv_parameters=\?${rv_output_dir#*\?}
  rv_target=${rv_output_dir%%\?*}/$2
  rv_path=${rv_target#*://}
  rv_server=${rv_target%%://*}://${rv_path%%/*}
  rv_path=${rv_path#*/}
  rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$1" "$rv_target$rv_parameters" || return
  rv_reply=$(rv_limited "$rv_copy_timeout" rv_xrootd xrdfs "$rv_server/$rv_parameters" stat "$rv_path$rv_parameters" | sed -n 's/^Size: *//p')
}
