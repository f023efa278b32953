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
  rv_stage_file=$1 rv_id=$2 rv_index=$3 rv_top=$PWD rv_group='' rv_guard_pid='' rv_guard_asks=''
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
  read -r _ _ _ rv_parent rv_own_group _ <"/proc/$$/stat"
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
# The payload can change this file: what rv_more needs of it is read before.
mapfile -s "$LINENO" rv_second_part <"${BASH_SOURCE[0]}" && rv_main "$@" </dev/null

# ======================================================================================================================
# The second part: what few steps need. Bash has not parsed it when it runs rv_main: rv_more does that where it is needed.
# A call of one of these functions in the first part stands behind `rv_more &&`.
