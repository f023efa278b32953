# --- what the payload leaves running ----------------------------------------------------------------------------------

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
