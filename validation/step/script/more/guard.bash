# --- what the guard does while the step goes on -----------------------------------------------------------------------

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
