# --- sending live logs ------------------------------------------------------------------------------------------------

rv_start_streams() {
  set -m
  rv_send_streams </dev/null &
  rv_streams=$!
  set +m
}

rv_send_streams() {
  set +m
  rv_stream stderr &
  rv_stream stdout
  wait
}

# NAME: sends ID.NAME.log as it grows, again and again from where the receiver has it. It ends with the step's shell, also when
# somebody has killed the guard.
rv_stream() {
  local rv_word rv_have rv_tail rv_pause=1
  while kill -0 "$$"; do
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
rv_await_receiver() {
  local rv_time=3000 rv_out rv_asking
  if [[ $rv_phase == "done" && $rv_interrupted == false ]]; then
    rv_now && ((rv_time = (rv_reply - rv_start) / 20))
    ((rv_time > 3000)) && rv_time=3000
  fi
  ((rv_time >= 200)) || return
  rv_size "$rv_top/$rv_id.stdout.log" && rv_out=$rv_reply
  rv_size "$rv_top/$rv_id.stderr.log"
  printf -v rv_time '%d.%03d' $((rv_time / 1000)) $((rv_time % 1000))
  # In a process of its own, because connecting may take minutes.
  exec 6< <(exec 9>&- && echo "$BASHPID" && rv_ask_receiver "end $rv_out $rv_reply" 2>/dev/null)
  IFS= read -r -t 3 rv_asking <&6
  IFS= read -r -t "$rv_time" _ <&6
  exec 6<&-
  [[ $rv_asking ]] && kill -KILL "$rv_asking" 2>/dev/null
}
