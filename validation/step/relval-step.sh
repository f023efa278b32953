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
readonly rv_address='^x?roots?://' # of XRootD, as validation/files/places.ts has it

# What a stage file sets, with the values that hold where it does not.
rv_stage_name=
rv_executable=
rv_executable_path=
rv_packages=             # for alienv, joined by commas
rv_alienv=
rv_environment_command=
rv_wall_time=            # seconds
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

# --- words and numbers ------------------------------------------------------------------------------------------------

rv_now() { # sets rv_reply to ms since 1970
  rv_reply=$(date +%s%N)
  rv_reply=${rv_reply%??????}
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
  rv_reply=${1//\\/\\\\}
  rv_reply=${rv_reply//\"/\\\"}
  rv_reply=${rv_reply//$'\n'/\\n}
  rv_reply=${rv_reply//$'\t'/\\t}
  rv_reply=\"${rv_reply//[[:cntrl:]]/?}\"
}

rv_strings() { # TEXT…: sets rv_reply to a JSON list of strings
  local rv_list='' rv_text
  for rv_text in "$@"; do
    rv_string "$rv_text"
    rv_list+=${rv_list:+, }$rv_reply
  done
  rv_reply=[$rv_list]
}

rv_size() { # FILE: sets rv_reply to its size in bytes, to -1 where there is none
  rv_reply=$(stat -L -c %s -- "$1" 2>/dev/null) || rv_reply=-1
}

# Standard input with every text of rv_masks replaced by as many asterisks. Those texts reach sed by a pipe: neither a file
# nor a command line has them.
rv_masked() {
  [[ $rv_masks ]] || exec cat
  export LC_ALL=C # the payload's environment may have another one
  exec sed -f <(printf '%s\n' "$rv_masks" | sed 'h; s,[/.*[^$\\],\\&,g; x; s,.,*,g; x; G; s,\n,/,; s,.*,s/&/g,')
}

rv_mask() { # TEXT: sets rv_reply to it, masked
  rv_reply=$1
  [[ ! $rv_masks || ! $1 ]] || rv_reply=$(printf %s "$1" | rv_masked)
}

rv_say() { # MESSAGE: into this script's own log, which comes back with the others
  local rv_reply
  rv_mask "$1"
  printf '%s %s\n' "$(date +%H:%M:%S)" "$rv_reply" >>"$rv_own/relval-step.log"
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

rv_last_line() { # FILE: sets rv_reply to the last line with something in it of a tool's error messages
  rv_reply=$(tr '\r' '\n' 2>/dev/null <"$1" | grep -a '[^[:space:]]' | tail -n 1 | cut -b -300)
}

# --- the result -------------------------------------------------------------------------------------------------------

rv_phase=input rv_status=null rv_signal='' rv_message='' rv_interrupted=false rv_timed_out=false
rv_end=null rv_payload_start=null rv_payload_end=null rv_cpu_time=null rv_input_bytes=0 rv_output_dir=
rv_peak_memory=null rv_out_of_memory=false rv_unmade='' rv_error_bytes=''
rv_core_dumps=() rv_missing=() rv_empty=() rv_cut_off=() rv_out_files=() rv_out_names=() rv_out_sizes=()

rv_write_result() { # one key a line, so that grep can read it; replaced in one go
  local rv_blocks=false rv_output_list='' rv_i rv_output_bytes=0 rv_cores=null
  [[ $CORES =~ ^[0-9]+(\.[0-9]+)?$ ]] && rv_cores=$CORES
  [[ ($rv_phase == skipped && ! $rv_unmade) || ($rv_blocking && $rv_phase != "done") ]] && rv_blocks=true
  for ((rv_i = 0; rv_i < ${#rv_out_names[@]}; rv_i++)); do
    rv_string "${rv_out_names[rv_i]}"
    rv_output_list+="${rv_output_list:+, }{\"name\": $rv_reply, \"size\": ${rv_out_sizes[rv_i]}}"
    ((rv_output_bytes += rv_out_sizes[rv_i]))
  done
  {
    printf '{\n"schema": "relval-result-1",\n"step": "%s",\n"execution": "%s",\n' "$rv_id" "$rv_execution"
    rv_string "$rv_stage_name" && printf '"stage": %s,\n' "$rv_reply"
    printf '"index": %d,\n"phase": "%s",\n"blocking": %s,\n' "$rv_index" "$rv_phase" "$rv_blocks"
    printf '"exitStatus": %s,\n"signal": %s,\n' "$rv_status" "${rv_signal:-null}"
    printf '"timedOut": %s,\n"interrupted": %s,\n' "$rv_timed_out" "$rv_interrupted"
    printf '"start": %s,\n"end": %s,\n' "$rv_start" "$rv_end"
    printf '"payloadStart": %s,\n"payloadEnd": %s,\n' "$rv_payload_start" "$rv_payload_end"
    printf '"cpuTime": %s,\n"peakMemory": %s,\n' "$rv_cpu_time" "$rv_peak_memory"
    printf '"outOfMemory": %s,\n' "$rv_out_of_memory"
    rv_string "$HOSTNAME" && printf '"host": %s,\n' "$rv_reply"
    rv_string "$WORK_QUEUE_SANDBOX" && printf '"worker": %s,\n' "$rv_reply"
    printf '"cores": %s,\n' "$rv_cores"
    rv_string "$rv_output_dir" && printf '"outputDir": %s,\n' "$rv_reply"
    printf '"inputBytes": %s,\n"outputBytes": %s,\n' "$rv_input_bytes" "$rv_output_bytes"
    printf '"outputs": [%s],\n' "$rv_output_list"
    rv_strings "${rv_missing[@]}" && printf '"missing": %s,\n' "$rv_reply"
    rv_strings "${rv_empty[@]}" && printf '"empty": %s,\n' "$rv_reply"
    rv_strings "${rv_cut_off[@]}" && printf '"cutOff": %s,\n' "$rv_reply"
    rv_strings "${rv_core_dumps[@]}" && printf '"coreDumps": %s,\n' "$rv_reply"
    rv_mask "$rv_message" && rv_string "$rv_reply" && printf '"message": %s\n}\n' "$rv_reply"
  } >"$rv_top/$rv_id.result.tmp" && mv -f -- "$rv_top/$rv_id.result.tmp" "$rv_top/$rv_id.result.json"
}

rv_disk_is_full() { # of the worker: less than a megabyte left where the step runs
  local rv_free
  rv_free=$(df -Pk -- "$rv_top" 2>/dev/null | tail -n 1 | { read -r _ _ _ rv_free _ && printf %s "$rv_free"; })
  [[ $rv_free =~ ^[0-9]+$ ]] && ((rv_free < 1024))
}

# EXIT-STATUS PHASE MESSAGE: the infrastructure failed. Leaves all that there is, and makes makeflow try again.
rv_give_up() {
  local rv_exit=$1
  rv_phase=$2 rv_message=$3
  if rv_disk_is_full; then
    rv_exit=$rv_exit_disk_full
    rv_message="the worker's disk is full: $3"
  fi
  rv_say "$rv_message"
  rv_finish "$rv_exit"
}

rv_finish() { # EXIT-STATUS: all targets, then the end
  cd "$rv_top" || exit "$rv_exit_usage"
  rm -f -- "$rv_own/reserve"
  rv_stop_streams
  rv_shorten stdout.log
  rv_shorten stderr.log
  rv_collect_logs
  rv_hand_on
  rv_now && rv_end=$rv_reply
  rv_write_result
  rm -rf -- "$rv_work"
  [[ $rv_guard_pid ]] && echo end >&9 && wait "$rv_guard_pid" 2>/dev/null
  exit "$1"
}

# SIGNAL NUMBER: ends the step, but not between a command's beginning and the moment at which we know what to end
rv_on_signal() {
  if [[ $rv_beginning ]]; then rv_deferred="$1 $2"; else rv_terminated "$1" "$2"; fi
}

rv_terminated() { # SIGNAL NUMBER: somebody ends this step, and will not wait long
  trap '' TERM INT QUIT HUP
  rv_stop_watching
  [[ $rv_group ]] && kill -KILL -- "-$rv_group" 2>/dev/null
  rv_interrupted=true rv_signal=\"$1\" rv_message="the step was ended by $1"
  rv_write_result
  rv_say "$rv_message"
  rv_finish $((128 + $2))
}

# --- watching over what runs ------------------------------------------------------------------------------------------

# A process of its own, in a process group of its own. Work Queue ends a task by SIGKILL to its process group, and a worker
# that is killed ends nothing: without a guard, what runs in another group would run on.
# Standard input: a pipe whose other end the step's shell holds. "group N" names the process group that runs now,
# "streams N" that of the live logs, "end" that all is done, and the end of the pipe that the shell is gone. No time limit
# for read here: bash 4.1 loses what arrives at the moment when it expires.
rv_guard() {
  local rv_line rv_guarded_group='' rv_streams=''
  trap '' TERM INT QUIT HUP
  # To remove what is in there: by its name it may be that of the next attempt by then.
  cd "$rv_own" || return
  while IFS= read -r rv_line; do
    case $rv_line in
      group*) rv_guarded_group=${rv_line#group } ;;
      streams*) rv_streams=${rv_line#streams } ;;
      end) return ;;
    esac
  done
  [[ $rv_guarded_group ]] && kill -KILL -- "-$rv_guarded_group"
  rm -rf -- ./*
  if [[ $rv_streams ]]; then
    sleep 0.5 # the last words are on their way
    kill -KILL -- "-$rv_streams"
  fi
}

# GROUP: beside a guarded command, in a process of its own: ends the payload when its time is over, measures what memory it
# takes, and ends the step when its worker is gone. It never ends by itself while the shell is there: a shell that is handling
# a signal waits for ever for a child that ended just then.
rv_watch() {
  local rv_tick=100 rv_began='' rv_elapsed rv_next=0 rv_resident rv_peak=0 rv_known=0 rv_parent_now
  trap '' TERM INT QUIT HUP
  exec 8<>"$rv_own/silence" || return # nobody writes there
  while true; do
    read -r -t "$((rv_tick / 1000)).$((rv_tick % 1000 / 100))" <&8
    ((rv_tick = rv_tick < 500 ? rv_tick * 2 : 1000))
    # Without the worker nobody is left to fetch what this step makes, and another worker runs it again.
    read -r _ _ _ rv_parent_now _ <"/proc/$$/stat" || return
    [[ $rv_parent_now != "$rv_parent" ]] && kill -TERM "$$"
    [[ $rv_payload_end == null && -e $rv_own/started ]] || continue
    rv_uptime || continue
    ((rv_elapsed = rv_reply - ${rv_began:=$rv_reply}))
    if [[ $rv_wall_time && $rv_elapsed -gt $rv_wall_time ]]; then
      : >"$rv_own/timed-out"
      kill -KILL -- "-$1"
      rv_wall_time=''
    fi
    [[ $rv_elapsed -ge $rv_next ]] || continue
    # so that of steady growth no more than a twentieth is missed
    ((rv_next = rv_elapsed + (rv_elapsed > 100 ? 5 : rv_elapsed / 20)))
    rv_resident=0
    rv_measure "$1"
    ((rv_peak = rv_resident > rv_peak ? rv_resident : rv_peak))
    ((rv_peak > rv_known)) && rv_known=$rv_peak && echo "$rv_peak" >>"$rv_own/peak-memory"
  done
}

rv_uptime() { # sets rv_reply to s since the machine's start: the clock may be set, and bash's own count goes with it
  read -r rv_reply _ </proc/uptime && rv_reply=${rv_reply%.*}
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

rv_start_guard() { # opens both ends of the pipe here, so that neither side ever waits for the other to open it
  local rv_pipe=$rv_own/guard
  read -r _ _ _ rv_parent _ <"/proc/$$/stat"
  mkfifo "$rv_pipe" "$rv_own/silence" || rv_give_up "$rv_exit_input" input "cannot make a pipe in $rv_own"
  # shellcheck disable=SC2094
  exec 7<>"$rv_pipe" 8<"$rv_pipe" 9>"$rv_pipe" 7>&-
  set -m
  rv_guard <&8 >/dev/null 2>&1 8<&- 9>&- &
  rv_guard_pid=$!
  set +m
  exec 8<&-
}

rv_guarded() { # COMMAND…: its exit status; in a subshell and a group of its own, so that a signal to the step ends it at once
  local rv_result rv_beginning=1 rv_deferred=''
  set -m
  (
    set +m
    printf 'group %s\n' "$BASHPID" >&9
    "$@"
  ) &
  rv_group=$!
  set +m
  rv_watch "$rv_group" </dev/null >/dev/null 2>&1 9>&- &
  rv_watcher=$!
  rv_beginning=''
  # shellcheck disable=SC2086
  [[ $rv_deferred ]] && rv_terminated $rv_deferred
  wait "$rv_group" 2>/dev/null
  rv_result=$?
  rv_stop_watching
  kill -KILL -- "-$rv_group" 2>/dev/null # what it left behind
  rv_group=''
  echo group >&9
  return "$rv_result"
}

rv_stop_watching() {
  [[ $rv_watcher ]] || return
  kill -KILL "$rv_watcher" 2>/dev/null
  wait "$rv_watcher" 2>/dev/null
  rv_watcher=''
}

rv_fail() { # PHASE MESSAGE: ends a guarded command before its time; rv_give_up_guarded takes it from there
  printf '%s\n%s\n' "$1" "$2" >"$rv_own/failed"
  exit 1
}

rv_give_up_guarded() { # what rv_fail said
  { IFS= read -r rv_phase && IFS= read -r rv_message; } <"$rv_own/failed"
  case $rv_phase in
    environment) rv_give_up "$rv_exit_environment" environment "$rv_message" ;;
    output) rv_give_up "$rv_exit_output" output "$rv_message" ;;
    skipped) rv_unmade=1 && rv_finish 0 ;;
    *) rv_give_up "$rv_exit_input" input "${rv_message:-the directory of the step, $rv_own, is gone}" ;;
  esac
}

# SECONDS COMMAND…: its exit status; killed after that time. What takes long is told, as what rv_doing says it is.
rv_limited() {
  local rv_limit=$1 rv_seconds=$1 rv_command rv_timer rv_result
  shift
  "$@" &
  rv_command=$!
  (
    for ((; rv_seconds > 0; rv_seconds--)); do
      sleep 1
      kill -0 "$rv_command" 2>/dev/null || exit
      ((rv_limit - rv_seconds == 9)) && rv_tell "$rv_doing: under way for 10 s, given up after $rv_limit s"
    done
    kill -KILL "$rv_command"
  ) >/dev/null 2>&1 9>&- &
  rv_timer=$!
  wait "$rv_command" 2>/dev/null
  rv_result=$?
  [[ $rv_result == 137 ]] && echo "not done within $rv_limit s" >&2
  kill "$rv_timer" 2>/dev/null
  wait "$rv_timer" 2>/dev/null
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
  rv_secret=$(od -A n -N 16 -t x1 /dev/urandom)
  rv_logs_greeting="relval-log-2 $rv_token $rv_id $rv_execution ${rv_secret//[^0-9a-f]/} $rv_host $rv_start"
}

# SECONDS QUESTION: sets rv_reply to the receiver's answer; false when none comes in time. In a process of its own, because
# connecting may take minutes.
rv_ask() {
  local rv_asking=''
  exec 6< <(rv_ask_now "$2" 2>/dev/null)
  IFS= read -r -t 3 rv_asking <&6
  rv_reply=''
  IFS= read -r -t "$1" rv_reply <&6
  exec 6<&-
  [[ $rv_asking ]] && kill -KILL "$rv_asking" 2>/dev/null
  [[ $rv_reply ]]
}

rv_ask_now() {
  local rv_answer
  printf '%s\n' "$BASHPID"
  exec 9>&- 5<>"$rv_logs_address" || return
  printf '%s %s\n' "$rv_logs_greeting" "$1" >&5
  IFS= read -r rv_answer <&5 && printf '%s\n' "$rv_answer"
}

rv_may_run() { # false when the receiver refuses: rv_message says why. One that cannot be asked does not.
  [[ $rv_logs_address ]] && rv_ask 3 admit && [[ $rv_reply == refused* ]] || return 0
  rv_message="not run: ${rv_reply#refused }"
  return 1
}

rv_start_streams() { # in a process group of their own, which the guard knows
  [[ $rv_logs_address ]] || return
  set -m
  rv_stream_both >/dev/null 2>&1 9>&- &
  rv_streams=$!
  set +m
  printf 'streams %s\n' "$rv_streams" >&9
}

# Not in the first moments: nobody can look that soon, and a step that has ended by then is not disturbed at all.
rv_stream_both() {
  set +m
  trap '' PIPE
  exec 8<>"$rv_own/silence" && read -r -t 0.4 <&8
  exec 8>&-
  rv_stream stderr &
  rv_stream stdout
  wait
}

rv_stream() { # NAME: sends ID.NAME.log as it grows, again and again from where the receiver has it
  local rv_word rv_have rv_tail rv_pause=1
  while true; do
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
rv_stop_streams() {
  local rv_time=3000 rv_out
  [[ $rv_streams ]] || return
  if [[ $rv_phase == "done" && $rv_interrupted == false ]]; then
    rv_now && ((rv_time = (rv_reply - rv_start) / 20))
    ((rv_time > 3000)) && rv_time=3000
  fi
  if [[ $rv_time -ge 200 && (-e $rv_own/streaming.stdout || -e $rv_own/streaming.stderr) ]]; then
    rv_size "$rv_top/$rv_id.stdout.log" && rv_out=$rv_reply
    rv_size "$rv_top/$rv_id.stderr.log"
    printf -v rv_time '%d.%03d' $((rv_time / 1000)) $((rv_time % 1000))
    rv_ask "$rv_time" "end $rv_out $rv_reply"
  fi
  kill -KILL -- "-$rv_streams" 2>/dev/null
  wait "$rv_streams" 2>/dev/null
  rv_streams=''
}

# --- inputs -----------------------------------------------------------------------------------------------------------

rv_need() { # COMMAND PURPOSE
  type -P -- "$1" >/dev/null && return
  rv_message="$1 is missing on $HOSTNAME, needed to $2: install it in the worker's image"
  return 1
}

rv_unpack() { # FILE: then removes it
  case $1 in
    # the names are data: without ./ a colon would name a machine for tar, and a hyphen an option
    *.tar.gz | *.tgz) rv_need tar "unpack $1" && rv_need gzip "unpack $1" && tar xzf "./$1" ;;
    *.tar.bz2) rv_need tar "unpack $1" && rv_need bzip2 "unpack $1" && tar xjf "./$1" ;;
    *.zip) rv_need unzip "unpack $1" && unzip -o -q "./$1" ;;
    *) rv_message="cannot unpack $1: only .tar.gz, .tar.bz2 and .zip" && return 1 ;;
  esac && rm -f -- "$1"
}

rv_copy_in() { # KIND FROM NAME: one attempt
  case $1 in
    local) rv_limited "$rv_copy_timeout" cp -pRL -- "$rv_top/$2" "$3" ;;
    worker) rv_limited "$rv_copy_timeout" cp -pRL -- "$2" "$3" ;;
    xrootd) rv_need xrdcp "fetch $2" && rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$2" "./$3" ;;
  esac
}

# COMMAND…: instead of this subshell. By itself a client tries for ten minutes to reach a server that is not there, and when
# its time is over nobody knows why.
rv_xrootd() {
  export XRD_CONNECTIONWINDOW="${XRD_CONNECTIONWINDOW:-15}" XRD_CONNECTIONRETRY="${XRD_CONNECTIONRETRY:-2}"
  exec "$@"
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

rv_tell_failure() { # ATTEMPT REASON
  local rv_next=''
  (($1 < rv_attempts)) && rv_next="; next attempt in $((rv_copy_pause * $1)) s"
  rv_tell "$rv_doing: ${2:-it failed and did not say why}$rv_next"
}

# KIND…: fetches the inputs of those kinds into the current directory; on failure rv_own/failed says what is wrong
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
      if rv_copy_in "$rv_kind" "$rv_from" "$rv_name" 2>"$rv_own/error"; then
        rv_size "$rv_name" && printf '%s\n' "$rv_reply" >>"$rv_own/input-bytes"
        [[ ! $rv_unpack_it ]] && break
        rv_unpack "$rv_name" 2>"$rv_own/error" && break
      fi
      if rv_find_unmade "$rv_from"; then
        rv_say "$rv_message"
        rv_fail skipped "$rv_message"
      fi
      [[ $rv_message ]] && rv_attempt=$rv_attempts # no use in trying again
      rv_last_line "$rv_own/error"
      rv_tell_failure "$rv_attempt" "${rv_message:-$rv_reply}"
      : "${rv_message:=input $rv_name from $rv_from: ${rv_reply:-it failed and did not say why}}"
      ((rv_attempt < rv_attempts)) || rv_fail input "$rv_message"
      sleep $((rv_copy_pause * rv_attempt))
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
  rv_program=$(type -P -- "$rv_executable") && return
  [[ $ALIDPG_ROOT ]] && rv_program=$(find "$ALIDPG_ROOT/" -name "$rv_executable" ! -type d -print -quit) && [[ $rv_program ]] && return
  rv_program=./$rv_executable
  [[ -f $rv_program ]]
}

# Guarded; the exit status is the payload's. The environment command, the values of the JDL and the payload see one shell,
# as JDLs expect: limits and variables that are not exported included.
rv_run_payload() {
  unset rv_logs rv_token rv_logs_address rv_logs_greeting
  printf 'environment\nthe environment command ended the shell\n' >"$rv_own/failed"
  if ! rv_load_environment; then
    rv_last_line "$rv_top/$rv_id.stderr.log"
    rv_fail environment "the environment could not be set up${rv_reply:+: $rv_reply}"
  fi
  set +Ceux -f
  IFS=$' \t\n'
  cd "$rv_job" || rv_fail environment "no directory $rv_job"
  rv_set_environment
  type -P date find >/dev/null || rv_fail environment "the environment's PATH is without the system's commands: $PATH"
  rv_set_output_dir
  printf %s "$rv_output_dir" >"$rv_own/output-dir"
  # the transfer of outputs there needs it
  [[ $rv_output_dir =~ $rv_address ]] && (umask 077 && export -p >"$rv_own/environment")
  rv_fetch_inputs xrootd
  find . -type f ! -path ./stdout.log ! -path ./stderr.log -printf '%P\0' >"$rv_own/inputs"
  rv_find_executable ||
    rv_fail environment "no $rv_executable: not at ${rv_executable_path:-its path}, in PATH, below \$ALIDPG_ROOT or among the inputs"
  rv_set_arguments
  rv_arguments=("$rv_program" "${rv_arguments[@]}" "${rv_extra_arguments[@]}")
  [[ -x $rv_program ]] || rv_arguments=(bash "${rv_arguments[@]}")
  set +f
  printf '+'
  printf ' %q' "${rv_arguments[@]}"
  printf '\n'
  date +%s%N >"$rv_own/started"
  exec 9>&-
  exec "${rv_arguments[@]}"
}

rv_children_time() { # sets rv_reply to the CPU time of the processes waited for so far, in ms
  local rv_user rv_system rv_time
  times >"$rv_own/times"
  { read -r _ && read -r rv_user rv_system; } <"$rv_own/times"
  rv_reply=0
  for rv_time in "$rv_user" "$rv_system"; do # 1m2.345s
    [[ $rv_time =~ ^([0-9]+)m([0-9]+)\.([0-9]{3}) ]] || continue
    ((rv_reply += BASH_REMATCH[1] * 60000 + 10#${BASH_REMATCH[2]} * 1000 + 10#${BASH_REMATCH[3]}))
  done
}

# Where the kernel counts the processes that it killed for their memory: cgroup v1 or v2, seen from the host or from within.
rv_find_cgroup() {
  local rv_line rv_path
  while IFS= read -r rv_line; do
    [[ $rv_line =~ ^[0-9]+:(([^:]*,)?memory(,[^:]*)?|):(.*)$ ]] || continue
    for rv_path in "/sys/fs/cgroup${BASH_REMATCH[1]:+/memory}"{"${BASH_REMATCH[4]}",}; do
      rv_kills=$rv_path/memory.oom_control rv_limit_file=$rv_path/memory.limit_in_bytes
      [[ -r $rv_kills ]] && return
      rv_kills=$rv_path/memory.events rv_limit_file=$rv_path/memory.max
      [[ -r $rv_kills ]] && return
    done
  done </proc/self/cgroup 2>/dev/null
  rv_kills=/dev/null
}

rv_count_kills() { # sets rv_reply
  local rv_key rv_value
  rv_reply=0
  while read -r rv_key rv_value; do
    [[ $rv_key == oom_kill ]] && rv_reply=$rv_value
  done <"$rv_kills"
}

rv_say_memory_limit() { # sets rv_reply
  rv_reply='memory limit'
  read -r rv_limit <"$rv_limit_file"
  # without a limit it is no number, or one that no machine has
  [[ $rv_limit =~ ^[0-9]{1,16}$ ]] && rv_reply+=" of $((rv_limit / 1048576)) MB"
}

rv_payload() { # runs it, and sets what the result says of it
  local rv_exit rv_cpu_before rv_kills rv_kills_before rv_limit_file
  rv_find_cgroup
  rv_count_kills && rv_kills_before=$rv_reply
  rv_children_time && rv_cpu_before=$rv_reply
  rv_guarded rv_run_payload >>"$rv_top/$rv_id.stdout.log" 2>>"$rv_top/$rv_id.stderr.log"
  rv_exit=$?
  rv_output_dir=$(cat -- "$rv_own/output-dir" 2>/dev/null)
  if [[ -e $rv_own/input-bytes ]]; then
    while read -r rv_reply; do ((rv_input_bytes += rv_reply)); done <"$rv_own/input-bytes"
  fi
  [[ -e $rv_own/started ]] || rv_give_up_guarded
  rv_payload_start=$(cat -- "$rv_own/started")
  rv_payload_start=${rv_payload_start%??????}
  [[ $rv_payload_start =~ ^[0-9]+$ ]] || rv_payload_start=null
  rv_now && rv_payload_end=$rv_reply
  rv_children_time && ((rv_reply -= rv_cpu_before))
  printf -v rv_cpu_time '%d.%03d' $((rv_reply / 1000)) $((rv_reply % 1000))
  if [[ -e $rv_own/peak-memory ]]; then
    while read -r rv_reply; do rv_peak_memory=$((rv_reply * 1024)); done <"$rv_own/peak-memory"
  fi
  rv_status=$rv_exit rv_phase="done"
  [[ -e $rv_own/timed-out ]] && rv_timed_out=true
  rv_count_kills
  [[ $rv_exit != 0 && $rv_timed_out == false && $rv_reply -gt $rv_kills_before ]] && rv_out_of_memory=true
  rv_explain_exit "$rv_exit" >>"$rv_top/$rv_id.stdout.log"
}

rv_explain_exit() { # EXIT-STATUS: sets phase, signal and message; prints a line for the payload's log when it was killed
  local rv_name
  [[ $1 == 0 ]] && return
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

# --- logs and outputs -------------------------------------------------------------------------------------------------

rv_list_logs() { find "$rv_job" -name '*.log' -type f -printf '%P\0' 2>/dev/null | sort -z; }

rv_find_core_dumps() { # by what they are called, or hold: correlations.root and core.C are none
  local rv_core rv_type='^ +(4 +0|0 +4)$' # ET_CORE, in either byte order
  rv_match 'core*'
  for rv_core in "${rv_found[@]}"; do
    if [[ $rv_core =~ (^|/)core(\.[0-9]+)?$ ]] || { [[ $(head -c 4 -- "$rv_core" 2>/dev/null | tr -d '\0') == $'\177ELF' ]] \
      && [[ $(od -A n -t d1 -j 16 -N 2 -- "$rv_core" 2>/dev/null) =~ $rv_type ]]; }; then
      rv_core_dumps+=("$rv_core")
    fi
  done
}

rv_report_errors() { # known errors of every log, as file:line:message, and core dumps
  local rv_core
  cd "$rv_job" || return
  {
    rv_list_logs | xargs -0 -r grep -a -H -n -F -f "$rv_top/relval-patterns" -- 2>/dev/null | cut -b -4000
    for rv_core in "${rv_core_dumps[@]}"; do
      printf '%s:0:core dumped\n' "$rv_core"
    done
  } | rv_masked
}

# PATH NAME: a frame of ID.logs. Of a log that is too long its head and its tail:
# "relval-log-1 BYTES HEAD OMITTED NAME", then BYTES bytes of which OMITTED were left out after the first HEAD, then a line feed
rv_frame() {
  local rv_bytes rv_head rv_omitted=0 rv_keep=$rv_log_limit
  ((rv_keep > rv_logs_left)) && rv_keep=$rv_logs_left
  rv_size "$1" && rv_bytes=$rv_reply
  if ((rv_bytes <= rv_keep)); then
    head -c "$rv_bytes" -- "$1" >"$rv_own/piece"
  else
    rv_omitted=$((rv_bytes - rv_keep))
    head -c $((rv_keep / 2)) -- "$1" >"$rv_own/piece"
    tail -c $((rv_keep - rv_keep / 2)) -- "$1" >>"$rv_own/piece"
  fi
  rv_size "$rv_own/piece" && rv_bytes=$rv_reply
  rv_head=$((rv_omitted > 0 ? rv_keep / 2 : rv_bytes))
  ((rv_logs_left -= rv_bytes))
  printf 'relval-log-1 %d %d %d %s\n' "$rv_bytes" "$rv_head" "$rv_omitted" "$2"
  cat -- "$rv_own/piece"
  printf '\n'
}

# NAME: what comes back of a stream is its head and its tail when it is too long; the payload's own file stays whole
rv_shorten() {
  local rv_file=$rv_top/$rv_id.$1 rv_half=$((rv_output_limit / 2))
  rv_size "$rv_file"
  ((rv_reply > rv_output_limit)) || return
  {
    head -c "$rv_half" -- "$rv_file" &&
      printf '\n[relval: %d bytes left out here]\n' $((rv_reply - 2 * rv_half)) &&
      tail -c "$rv_half" -- "$rv_file"
  } >"$rv_own/piece" && mv -f -- "$rv_own/piece" "$rv_file"
}

rv_collect_logs() {
  local rv_name rv_logs_left=$rv_logs_limit
  [[ -d $rv_job ]] || return
  [[ -e $rv_job/validation_report.txt ]] || rv_report_errors >"$rv_job/validation_report.txt"
  cp -- "$rv_job/validation_report.txt" "$rv_top/$rv_id.validation_report.txt"
  {
    [[ -e $rv_own/relval-step.log ]] && rv_frame "$rv_own/relval-step.log" relval-step.log
    while IFS= read -r -d '' rv_name; do
      case $rv_name in
        stdout.log | stderr.log | relval-step.log | *$'\n'*) ;;
        *) rv_frame "$rv_job/$rv_name" "$rv_name" ;;
      esac
    done < <(rv_list_logs)
  } >"$rv_top/$rv_id.logs"
}

rv_hand_on() { # every file that later steps get from this one; an empty one in the place of one that was not made
  local rv_i
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    if ! cp -- "$rv_job/${rv_hands_on[rv_i]}" "$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}" 2>/dev/null; then
      : >"$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}"
    fi
  done
}

rv_match() { # PATTERN: sets rv_found to the files that match, directories searched
  local rv_path IFS=
  rv_found=()
  shopt -s nullglob extglob
  for rv_path in $1; do
    if [[ -d $rv_path ]]; then
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

# FILE NAME: names an output in rv_cut_off whose own format says that its end is missing. Whatever a file is called: one that
# does not begin as its format does is none.
rv_check_whole() {
  local rv_bytes rv_end rv_tool=''
  case $1 in
    *.root | *.zip | *.tar | *.tar.gz | *.tgz | *.tar.bz2) ;;
    *) return ;;
  esac
  # shellcheck disable=SC2207 # numbers
  rv_bytes=($(od -A n -t u1 -v -N 20 -- "$1" 2>/dev/null))
  rv_size "$1"
  case "$1 ${rv_bytes[*]:0:4} " in
    # "root", the version, where the first object begins, and where the last one ends: in 8 bytes from version 1000000 on
    *.root\ 114\ 111\ 111\ 116\ *)
      [[ ${#rv_bytes[@]} -eq 20 && ${rv_bytes[4]} -eq 0 ]] || return
      ((rv_end = rv_bytes[12] << 24 | rv_bytes[13] << 16 | rv_bytes[14] << 8 | rv_bytes[15]))
      (((rv_bytes[5] << 16 | rv_bytes[6] << 8 | rv_bytes[7]) < 1000000)) ||
        ((rv_end = rv_end << 32 | rv_bytes[16] << 24 | rv_bytes[17] << 16 | rv_bytes[18] << 8 | rv_bytes[19]))
      ((rv_reply < rv_end)) && rv_cut_off+=("$2")
      ;;
    # the record at the end, behind which there is nothing but a comment whose length it has
    *.zip\ 80\ 75\ [35]\ [46]\ *)
      tail -c 65557 -- "$1" >"$rv_own/piece"
      rv_size "$rv_own/piece"
      rv_end=$(grep -a -b -o -F $'PK\005\006' -- "$rv_own/piece" | tail -n 1 | cut -d : -f 1 | tr -d '\0')
      # shellcheck disable=SC2207
      [[ $rv_end ]] && rv_bytes=($(od -A n -t u1 -v -j $((rv_end + 20)) -N 2 -- "$rv_own/piece" 2>/dev/null))
      [[ $rv_end && ${#rv_bytes[@]} -eq 2 && $((rv_end + 22 + rv_bytes[0] + rv_bytes[1] * 256)) -le $rv_reply ]] || rv_cut_off+=("$2")
      ;;
    *.tar.gz\ 31\ 139\ * | *.tgz\ 31\ 139\ *) rv_tool=gzip ;;
    *.tar.bz2\ 66\ 90\ 104\ *) rv_tool=bzip2 ;;
    # whole records, and two of zeros at the end
    *.tar\ *)
      [[ $(head -c 262 -- "$1" | tail -c 5) == ustar ]] || return
      ((rv_reply % 512 == 0)) && [[ ! $(tail -c 1024 -- "$1" | tr -d '\0') ]] || rv_cut_off+=("$2")
      ;;
  esac 2>/dev/null
  [[ $rv_tool ]] && type -P "$rv_tool" >/dev/null || return
  rv_guarded "$rv_tool" -t -- "$1" >/dev/null 2>&1
  # other statuses tell of something behind the end, or that it was killed
  case $rv_tool$? in gzip1 | bzip22) rv_cut_off+=("$2") ;; esac
}

# ARCHIVE PATTERN…: takes the matching files that no earlier entry has taken, into the archive or, without one, as they are
rv_take() {
  local rv_archive=$1 rv_pattern rv_path rv_name
  shift
  rm -f -- "$rv_own"/zip-list.*
  for rv_pattern in "$@"; do
    rv_match "$rv_pattern"
    for rv_path in "${rv_found[@]}"; do
      [[ ${rv_taken[$rv_path]} ]] && continue
      rv_taken[$rv_path]=1
      rv_name=$rv_path
      case $rv_path in /* | ../* | */../*) rv_name=${rv_path##*/} ;; esac
      rv_check_whole "$rv_path" "$rv_name"
      # what is not packed is seen to be empty by its size
      [[ $rv_archive && ! -s $rv_path ]] && rv_empty+=("$rv_name")
      case $rv_archive/$rv_path in
        /* | *$'\n'*) rv_add_output "$rv_path" "$rv_name" ;; # zip reads a list of lines
        *.root) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.0" ;; # compressed already
        *) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.9" ;;
      esac
    done
  done
  [[ -e $rv_own/zip-list.0 || -e $rv_own/zip-list.9 ]] || return 0
  rv_need zip "make $rv_archive" || return 1
  rv_guarded rv_zip "$rv_own/archive.zip" >"$rv_own/error" 2>&1 || {
    rv_last_line "$rv_own/error"
    rv_message="zip could not make $rv_archive: $rv_reply"
    return 1
  }
  rv_path=$rv_own/zip/$rv_archive
  mkdir -p -- "${rv_path%/*}" && mv -f -- "$rv_own/archive.zip" "$rv_own/zip/$rv_archive"
  rv_add_output "$rv_own/zip/$rv_archive" "$rv_archive"
}

rv_zip() { # FILE: of the files in the zip lists, each of which is named after its compression level
  local rv_level
  for rv_level in 0 9; do
    [[ ! -e $rv_own/zip-list.$rv_level ]] || zip -q "-$rv_level" "$1" -@ <"$rv_own/zip-list.$rv_level" || return
  done
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
  while IFS= read -r -d '' rv_path; do rv_taken[$rv_path]=1; done <"$rv_own/inputs"
  while IFS= read -r -d '' rv_path; do
    [[ ${rv_taken[$rv_path]} ]] && continue
    rv_check_whole "$rv_path" "$rv_path"
    rv_add_output "$rv_path" "$rv_path"
  done < <(find . -type f -printf '%P\0' | sort -z)
}

rv_find_missing() { # what later stages read must be there: a file, or an archive of that name
  local rv_pattern rv_name rv_i
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    [[ -f ${rv_hands_on[rv_i]} ]] || rv_missing+=("${rv_hands_on[rv_i]}")
  done
  for rv_pattern in "${rv_expects[@]}"; do
    [[ -f $rv_pattern ]] && continue # a name, whatever characters are in it
    rv_match "$rv_pattern"
    [[ ${#rv_found[@]} -gt 0 ]] && continue
    for rv_name in "${rv_out_names[@]}"; do
      # shellcheck disable=SC2053 # a pattern
      [[ $rv_name == "$rv_pattern" || $rv_name == $rv_pattern ]] && continue 2
    done
    rv_missing+=("$rv_pattern")
  done
}

rv_copy_out() { # FILE NAME SIZE: one attempt; the file is at its place only when it is whole
  local rv_target=$rv_output_dir/$2 rv_part rv_server rv_path rv_parameters=''
  if [[ $rv_output_dir =~ $rv_address ]]; then
    [[ $2 != *\?* ]] || { echo "a name with a question mark cannot be stored at an XRootD address" && return 1; }
    # an address has its parameters behind the name of the file, and both of xrdfs' words have them
    [[ $rv_output_dir == *\?* ]] && rv_parameters=\?${rv_output_dir#*\?}
    rv_target=${rv_output_dir%%\?*}/$2
    rv_path=${rv_target#*://}
    rv_server=${rv_target%%://*}://${rv_path%%/*}
    rv_path=${rv_path#*/}
    rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$1" "$rv_target$rv_parameters" || return
    rv_reply=$(rv_limited "$rv_copy_timeout" rv_xrootd xrdfs "$rv_server/$rv_parameters" stat "$rv_path$rv_parameters" | sed -n 's/^Size: *//p')
  else
    rv_part=${rv_target%/*}/.$rv_id.$$.${rv_target##*/}
    mkdir -p -- "${rv_target%/*}" || return
    rv_limited "$rv_copy_timeout" cp -- "$1" "$rv_part" || { rm -f -- "$rv_part" && return 1; }
    rv_size "$rv_part"
    [[ $rv_reply == "$3" ]] && mv -f -- "$rv_part" "$rv_target" && return
    rm -f -- "$rv_part"
  fi
  [[ $rv_reply == "$3" ]] || { echo "$2 has ${rv_reply:-no} bytes at its destination, not $3" && return 1; }
}

rv_copy_some() { # FIRST: every rv_copy_jobs-th file from there; a file that fails is named in failed.FIRST
  local rv_i rv_attempt rv_doing
  for ((rv_i = $1; rv_i < ${#rv_out_files[@]}; rv_i += rv_copy_jobs)); do
    for ((rv_attempt = 1; ; rv_attempt++)); do
      rv_doing="output ${rv_out_names[rv_i]} to $rv_output_dir, attempt $rv_attempt"
      rv_say "$rv_doing"
      rv_copy_out "${rv_out_files[rv_i]}" "${rv_out_names[rv_i]}" "${rv_out_sizes[rv_i]}" >"$rv_own/error.$1" 2>&1 && break
      rv_last_line "$rv_own/error.$1"
      rv_tell_failure "$rv_attempt" "$rv_reply"
      if ((rv_attempt == rv_attempts)); then
        printf '%s: %s\n' "${rv_out_names[rv_i]}" "${rv_reply:-it failed and did not say why}" >"$rv_own/failed.$1"
        return
      fi
      sleep $((rv_copy_pause * rv_attempt))
    done
  done
}

rv_transfer() { # guarded: all outputs to the output directory
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
  fi
  for ((rv_first = 0; rv_first < rv_copy_jobs && rv_first < ${#rv_out_files[@]}; rv_first++)); do
    rv_copy_some "$rv_first" &
    rv_pids+=($!)
  done
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

rv_find_blocking() { # sets rv_message to why this step must not run; false when it may
  [[ ${#rv_waits[@]} -gt 0 ]] || return 1
  local rv_files
  rv_files=$(printf '%s.result.json\0' "${rv_waits[@]}" | xargs -0 grep -l '^"blocking": true' -- 2>/dev/null)
  [[ $rv_files ]] || return 1
  rv_files=${rv_files%%$'\n'*}
  # one that was not run itself knows which one is to blame
  rv_message=$(sed -n 's/^"message": "\(not run, because [^"]*\)"$/\1/p' -- "$rv_files")
  : "${rv_message:=not run, because ${rv_files%.result.json} did not succeed}"
}

rv_main() {
  rv_stage_file=$1 rv_id=$2 rv_index=$3 rv_top=$PWD rv_group='' rv_watcher='' rv_guard_pid=''
  rv_streams='' rv_logs_address='' rv_host=${HOSTNAME//[^A-Za-z0-9._-]/_}
  rv_work=$rv_top/$rv_id.work rv_job=$rv_work/job rv_own=$rv_work/own
  rv_now && rv_start=$rv_reply rv_execution=$rv_id-$rv_start-$$-$rv_host
  # What stands here is the business of whoever runs this. Where others find files too, only what is made below is.
  [[ $WORK_QUEUE_SANDBOX -ef $rv_top ]] && chmod 700 -- "$rv_top"
  rm -rf -- "$rv_work"
  if ! mkdir -m 700 -- "$rv_work" || ! mkdir -- "$rv_job" "$rv_own" || ! rv_read_stage; then
    echo "relval-step.sh: cannot read $rv_stage_file, or cannot write to $rv_top" >&2
    exit "$rv_exit_usage"
  fi
  for rv_reply in stdout.log stderr.log logs validation_report.txt; do : >"$rv_id.$rv_reply"; done
  head -c 262144 /dev/zero >"$rv_own/reserve" # room to write what is known when the disk is full
  rv_write_result
  trap 'rv_on_signal SIGTERM 15' TERM
  trap 'rv_on_signal SIGINT 2' INT
  trap 'rv_on_signal SIGQUIT 3' QUIT
  trap 'rv_on_signal SIGHUP 1' HUP
  rv_start_guard
  rv_read_logs_address
  if ! rv_may_run; then
    rv_phase=refused
    rv_finish "$rv_exit_refused"
  fi
  rv_set_variables
  if rv_find_blocking; then
    rv_phase=skipped
    rv_finish 0
  fi
  ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -H -c)"
  cd "$rv_job" || rv_give_up "$rv_exit_input" input "no directory $rv_job"
  # so that outputs and patterns find them like any other file of the payload
  ln -- "$rv_top/$rv_id.stdout.log" stdout.log && ln -- "$rv_top/$rv_id.stderr.log" stderr.log
  rv_start_streams
  rv_guarded rv_fetch_inputs local worker || rv_give_up_guarded

  rv_phase=payload
  rv_write_result
  rv_payload
  [[ $rv_phase == payload ]] && rv_disk_is_full && rv_give_up "$rv_exit_disk_full" payload "$rv_message"

  rv_say outputs
  rv_find_core_dumps
  rv_guarded rv_report_errors >"$rv_own/report"
  mv -f -- "$rv_own/report" validation_report.txt
  rv_take_outputs || rv_give_up "$rv_exit_output" output "$rv_message"
  rv_find_missing
  rv_size stderr.log && rv_error_bytes=$rv_reply
  rv_guarded rv_transfer || rv_give_up_guarded
  rv_finish 0
}

if [[ $# -ne 3 || ! $2 =~ ^[A-Za-z0-9-]+$ || ! $3 =~ ^[0-9]+$ ]]; then
  echo 'Usage: relval-step.sh STAGE-FILE ID INDEX' >&2
  exit "$rv_exit_usage"
fi
rv_close_inherited
rv_main "$@" </dev/null
