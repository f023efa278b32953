# --- inputs -----------------------------------------------------------------------------------------------------------

rv_need() { # COMMAND PURPOSE
  type -P -- "$1" >/dev/null && return
  rv_message="$1 is missing on $HOSTNAME, needed to $2: install it in the worker's image"
  return 1
}

rv_copy_in() { # KIND FROM NAME: one attempt
  case $1 in
    local) rv_copy_script "$rv_top/$2" "$3" || rv_limited "$rv_copy_timeout" cp -pRL -- "$rv_top/$2" "$3" ;;
    worker) rv_limited "$rv_copy_timeout" cp -pRL -- "$2" "$3" ;;
    xrootd) rv_more && rv_need xrdcp "fetch $2" && rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$2" "./$3" ;;
  esac
}

# FROM TO: copies the stage's own script without another process, where it is a short text without the permission to execute; false where
# it is not
rv_copy_script() {
  local LC_ALL=C rv_text=''
  [[ $2 == "$rv_executable" && -f $1 && -r $1 && -w $1 && ! -x $1 && ! -e $2 ]] || return
  # a text ends before the limit, and none of its bytes is 0
  IFS= read -r -d '' -n 4096 rv_text <"$1" && return 1
  [[ $rv_text ]] && printf %s "$rv_text" >"$2"
} 2>/dev/null

# KIND…: fetches the inputs of those kinds into the current directory; on failure own/failed says what is wrong
rv_fetch_inputs() {
  local rv_i rv_attempt rv_kind rv_from rv_name rv_unpack_it rv_doing
  for ((rv_i = 0; rv_i < ${#rv_inputs[@]}; rv_i += 4)); do
    rv_kind=${rv_inputs[rv_i]} rv_from=${rv_inputs[rv_i + 1]} rv_name=${rv_inputs[rv_i + 2]}
    rv_unpack_it=${rv_inputs[rv_i + 3]}
    [[ " $* " == *" $rv_kind "* ]] || continue
    for ((rv_attempt = 1; ; rv_attempt++)); do
      rv_doing="input $rv_name from $rv_from, attempt $rv_attempt"
      rv_say "$rv_doing"
      rv_message=''
      if rv_copy_in "$rv_kind" "$rv_from" "$rv_name" 2>"$rv_own/scratch"; then
        rv_size "$rv_name" && ((rv_input_bytes += rv_reply))
        [[ ! $rv_unpack_it ]] && break
        rv_more && rv_unpack "$rv_name" 2>"$rv_own/scratch" && break
      fi
      rv_more && rv_miss_input
    done
  done
}
