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
  if [[ $rv_guard_pid ]]; then
    exec 9>&-
    wait "$rv_guard_pid" 2>/dev/null
  fi
  rv_remove_work # after the guard and the streams, which write there
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
  local IFS=$' \t\n' # the signal may come during a read that has another one
  if [[ $rv_beginning ]]; then rv_deferred="$1 $2"; else rv_more && rv_terminated "$1" "$2"; fi
}
