# --- words and numbers ------------------------------------------------------------------------------------------------

# The clock is read once. What follows goes by the time since the machine's start: so no duration changes when the clock is
# set, and no process is needed.
rv_start_clock() {
  local rv_zone
  # since bash 5 the shell knows the time itself
  if [[ ${EPOCHREALTIME-} ]]; then printf -v rv_clock '%s000%(%z)T' "${EPOCHREALTIME/./}"; else rv_clock=$(date +%s%N%z); fi
  [[ $rv_clock =~ ^[0-9]{19}[+-][0-9]{4}$ ]] || exit "$rv_exit_usage" # date was killed, and said nothing
  rv_zone=${rv_clock: -5}
  ((rv_zone_seconds = 10#${rv_zone:1:2} * 3600 + 10#${rv_zone:3:2} * 60))
  [[ $rv_zone == -* ]] && ((rv_zone_seconds = -rv_zone_seconds))
  rv_clock=${rv_clock%???????????}
  rv_ticks
  ((rv_clock -= rv_reply * 10))
}

rv_ticks() { # sets rv_reply to the hundredths of a second since the machine's start
  read -r rv_reply _ </proc/uptime && rv_reply=$((10#${rv_reply/./}))
}

rv_now() { # sets rv_reply to ms since 1970
  rv_ticks && ((rv_reply = rv_clock + rv_reply * 10))
}

rv_replace() { # NAME FROM TO: the base name of the input file with every FROM replaced, into the variable NAME
  local rv_rest=${rv_input_file##*/} rv_done=''
  while [[ $rv_rest == *"$2"* ]]; do
    rv_done+=${rv_rest%%"$2"*}$3
    rv_rest=${rv_rest#*"$2"}
  done
  printf -v "$1" %s "$rv_done$rv_rest"
}

rv_string() { # TEXT: sets rv_reply to it as a JSON string; control characters other than tab and line feed become ?
  rv_reply=\"$1\"
  [[ $1 == *[\\\"[:cntrl:]]* ]] || return 0
  rv_reply=${1//\\/\\\\}
  rv_reply=${rv_reply//\"/\\\"}
  rv_reply=${rv_reply//$'\n'/\\n}
  rv_reply=${rv_reply//$'\t'/\\t}
  rv_reply=\"${rv_reply//[[:cntrl:]]/?}\"
}

rv_strings() { # TEXT…: sets rv_reply to a JSON list of strings
  rv_reply=[]
  [[ $# -gt 0 ]] || return 0
  local rv_list='' rv_text
  for rv_text in "$@"; do
    rv_string "$rv_text"
    rv_list+=${rv_list:+, }$rv_reply
  done
  rv_reply=[$rv_list]
}

# FILE: sets rv_reply to its size in bytes, to -1 where there is none. A short text is read to count its bytes, because that
# needs no process.
rv_size() {
  rv_reply=0
  [[ -f $1 && ! -s $1 ]] || rv_count_bytes "$1"
}

rv_count_bytes() {
  local LC_ALL=C rv_text=''
  if [[ -f $1 ]]; then
    IFS= read -r -d '' -n 1024 rv_text <"$1" || rv_reply=${#rv_text}
    ((rv_reply == 0)) || return 0
  fi
  rv_reply=$(exec stat -L -c %s -- "$1") || rv_reply=-1
} 2>/dev/null

# Our targets are files, whatever the payload has put in their places: a worker that meets a named pipe hangs, and the step
# would be given to one after the other. Of what the payload prints its own name for it may still be there.
rv_restore() {
  local rv_name rv_target
  for rv_name in stdout.log stderr.log logs validation_report.txt result.json; do
    [[ -f $rv_top/$rv_id.$rv_name && ! -L $rv_top/$rv_id.$rv_name ]] && continue
    rv_target=$rv_top/$rv_id.$rv_name
    rm -rf -- "$rv_target"
    [[ -f $rv_job/$rv_name && ! -L $rv_job/$rv_name ]] && ln -- "$rv_job/$rv_name" "$rv_target" && continue
    : >"$rv_target"
  done
} 2>/dev/null

rv_mask() { # TEXT: sets rv_reply to it, masked
  rv_reply=$1
  [[ $1 && $rv_masks ]] || return 0
  local LC_ALL=C rv_rest=$rv_masks rv_one rv_stars
  while [[ $rv_rest && $rv_reply ]]; do
    rv_one=${rv_rest%%$'\n'*}
    rv_rest=${rv_rest:${#rv_one}+1}
    rv_stars=${rv_one//?/*}
    [[ ! $rv_one ]] || rv_reply=${rv_reply//"$rv_one"/$rv_stars}
  done
}

rv_say() { # MESSAGE: into this script's own log, which comes back with the others
  local rv_reply rv_time
  rv_now && ((rv_time = rv_reply / 1000 + rv_zone_seconds))
  rv_mask "$1"
  printf '%02d:%02d:%02d %s\n' $((rv_time / 3600 % 24)) $((rv_time / 60 % 60)) $((rv_time % 60)) "$rv_reply" >>"$rv_own/relval-step.log"
}

rv_last_line() { # FILE: sets rv_reply to the last line with something in it of a tool's error messages
  rv_reply=$(tr '\r' '\n' 2>/dev/null <"$1" | grep -a '[^[:space:]]' | tail -n 1 | cut -b -300)
}
