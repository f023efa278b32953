# --- inputs that are packed, or do not come ---------------------------------------------------------------------------

rv_unpack() { # FILE: then removes it
  case $1 in
    # the names are data: without ./ a colon would name a machine for tar, and a hyphen an option
    *.tar.gz | *.tgz) rv_need tar "unpack $1" && rv_need gzip "unpack $1" && tar xzf "./$1" ;;
    *.tar.bz2) rv_need tar "unpack $1" && rv_need bzip2 "unpack $1" && tar xjf "./$1" ;;
    *.zip) rv_need unzip "unpack $1" && unzip -o -q "./$1" ;;
    *) rv_message="cannot unpack $1: only .tar.gz, .tar.bz2 and .zip" && return 1 ;;
  esac && rm -f -- "$1"
}

rv_miss_input() { # after an attempt that failed: waits for the next one, or ends the guarded command
  if rv_find_unmade "$rv_from"; then
    rv_say "$rv_message"
    rv_fail skipped "$rv_message"
  fi
  [[ $rv_message ]] && rv_attempt=$rv_attempts # no use in trying again
  rv_last_line "$rv_own/scratch"
  rv_tell_failure "$rv_attempt" "${rv_message:-$rv_reply}"
  : "${rv_message:=input $rv_name from $rv_from: ${rv_reply:-it failed and did not say why}}"
  ((rv_attempt < rv_attempts)) || rv_fail input "$rv_message"
  sleep $((rv_copy_pause * rv_attempt))
}

# FROM: true when an earlier step was to make this input, and did not: then nobody can fetch it, however often it is tried.
# Sets rv_message.
rv_find_unmade() {
  local rv_i rv_result
  for ((rv_i = 0; rv_i < ${#rv_makers[@]}; rv_i += 3)); do
    [[ ${rv_makers[rv_i]} == "$1" ]] || continue
    rv_result=$rv_top/${rv_makers[rv_i + 1]}.result.json
    rv_string "${rv_makers[rv_i + 2]}"
    [[ -e $rv_result ]] && ! grep -q -F "{\"name\": $rv_reply, " -- "$rv_result" || return
    # one that was not run itself knows which one is to blame
    rv_message=$(sed -n 's/^"message": "\(not run, because [^"]*\)"$/\1/p' -- "$rv_result")
    : "${rv_message:=not run, because ${rv_makers[rv_i + 1]} did not make ${rv_makers[rv_i + 2]}}"
    return 0
  done
  return 1
}

# COMMAND…: instead of this subshell. By itself a client tries for ten minutes to reach a server that is not there, and when
# its time is over nobody knows why.
rv_xrootd() {
  export XRD_CONNECTIONWINDOW="${XRD_CONNECTIONWINDOW:-15}" XRD_CONNECTIONRETRY="${XRD_CONNECTIONRETRY:-2}"
  exec "$@"
}
