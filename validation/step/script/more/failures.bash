# --- when something fails ---------------------------------------------------------------------------------------------

rv_terminated() { # SIGNAL NUMBER: somebody ends this step, and will not wait long
  trap '' TERM INT QUIT HUP
  rv_find_phase
  [[ $rv_group ]] && kill -KILL -- "-$rv_group" 2>/dev/null
  [[ $rv_guard_asks ]] && rv_end_guard
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
