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
  # The environment may change how bash reads functions: by aliases, by posix, or by printing them (xtrace, verbose).
  [[ ! $rv_environment_command && ! $rv_packages ]] || rv_more
  rv_loaded=''
  rv_load_environment && rv_loaded=1
  set +Ceuvx -f
  IFS=$' \t\n'
  if [[ ! $rv_loaded ]]; then
    rv_more && rv_last_words
    rv_fail environment "the environment could not be set up${rv_reply:+: $rv_reply}"
  fi
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
  exec 9>&-
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
