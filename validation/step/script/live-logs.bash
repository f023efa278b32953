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

rv_ask_receiver() { # QUESTION: prints its answer; connecting may take minutes
  local rv_answer
  exec 6<>"$rv_logs_address" || return
  printf '%s %s\n' "$rv_logs_greeting" "$1" >&6
  IFS= read -r -t 3 rv_answer <&6 && printf '%s\n' "$rv_answer"
  exec 6>&-
}

rv_end_guard() { # which waits for the receiver
  { kill -KILL -- "-$rv_guard_pid" && wait "$rv_guard_pid"; } 2>/dev/null
}

# False when the receiver refuses: rv_message says why. One that cannot be asked does not: then the guard may wait for its network for
# minutes, and another one takes its place.
rv_may_run() {
  [[ $rv_logs_address ]] || return 0
  rv_reply=''
  IFS= read -r -t 3 rv_reply <&8
  if (($? > 128)); then
    rv_end_guard
    rv_start_guard
  fi
  rv_guard_asks=''
  [[ $rv_reply == refused* ]] || return 0
  rv_message="not run: ${rv_reply#refused }"
  return 1
}
