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
