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
  if [[ $rv_wall_time && $rv_wall_time -lt $rv_environment_limit ]]; then
    rv_environment_limit=$((rv_wall_time > 30 ? rv_wall_time : 30))
  fi
  { : >"$rv_own/state" && : >"$rv_own/room"; } || rv_give_up "$rv_exit_input" input "cannot write to $rv_own"
  set -m
  coproc rv_pipes { rv_guard "$1" 2>/dev/null; }
  set +m
  rv_guard_pid=$! rv_guard_asks=$1
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
