# --- packed logs ------------------------------------------------------------------------------------------------------

# COMMAND…: writes the text of rv_path to its standard output. NAME.gz becomes NAME.gz/NAME: a rule for NAME is for it too.
rv_uncompress() {
  local rv_to rv_plain=$rv_base rv_whole rv_depth=$((rv_depth + 1))
  case $rv_lower in *.gz | *.bz2 | *.xz | *.zst | *.lz4 | *.z) rv_plain=${rv_base%.*} ;; esac
  if ! type -P -- "$1" >/dev/null; then
    rv_cannot_read "$rv_name" "$1 is missing on $HOSTNAME"
    return
  elif ((rv_depth > 3)); then
    rv_cannot_read "$rv_name" 'it is packed too often'
    return
  fi
  rv_to=$rv_own/unpacked.$((++rv_unpacked))
  (ulimit -S -f "$rv_unpacked_limit" && exec "$@") <"$rv_path" >"$rv_to" 2>"$rv_own/scratch"
  rv_whole=$?
  rv_last_line "$rv_own/scratch"
  [[ $rv_whole == 0 ]] || rv_cannot_read "$rv_name" "$1 ended with status $rv_whole${rv_reply:+: $rv_reply}"
  rv_size "$rv_to" && rv_look_at "$rv_to" "$rv_name/$rv_plain" f "$rv_reply"
}

# The logs in the archive rv_path; false when it is none, whatever its name. Inputs are not the payload's.
rv_look_into_archive() {
  local rv_to rv_input rv_status rv_kind rv_depth=$((rv_depth + 1)) rv_links=()
  case $rv_magic in
    $'PK\003\004'*) rv_kind=zip ;;
    $'PK\005\006'*) return 0 ;; # nothing is in it
    $'\037\213'* | BZh[1-9]* | $'\3757zXZ'* | $'\050\265\057\375'*) rv_kind=tar ;;
    *) [[ $(head -c 262 -- "$rv_path" | tail -c 5 | tr -d '\0') == ustar ]] && rv_kind=tar || return ;;
  esac
  while IFS= read -r -d '' rv_input; do
    [[ $rv_input != "$rv_name" || $rv_path -nt $rv_own/known ]] || return 0
  done < <(rv_print_inputs)
  if ((rv_depth > 3)); then
    rv_cannot_read "$rv_name" 'it is packed too often'
    return 0
  fi
  rv_to=$rv_own/unpacked.$((++rv_unpacked))
  mkdir -- "$rv_to"
  "rv_unpack_logs_of_$rv_kind" 2>"$rv_own/scratch"
  rv_status=$?
  rv_last_line "$rv_own/scratch"
  [[ $rv_status == 0 ]] || rv_cannot_read "$rv_name" "${rv_reply:-$rv_kind ended with status $rv_status}"
  rv_list_logs "$rv_to" "$rv_name/"
  return 0
}

rv_unpack_logs_of_zip() { # rv_path, to rv_to
  if ! type -P unzip >/dev/null; then
    # names are in clear
    grep -a -q -i -F -e .log -e .zip -e .tar -- "$rv_path" || return 0
    echo "unzip is missing on $HOSTNAME" >&2
    return 1
  fi
  (ulimit -S -f "$rv_unpacked_limit" && exec unzip -o -q -C -d "$rv_to" "$rv_path" '*.log' '*.log[0-9._~-]*' '*.err' '*.out' '*stderr' '*stdout' \
    '*.zip' '*.tar' '*.tar.*' '*.tgz' '*.tbz' '*.tbz2' '*.txz') >&2
  case $? in 0 | 1 | 11) ;; *) return 1 ;; esac # 11: there are none
}

rv_unpack_logs_of_tar() { # rv_path, to rv_to
  local rv_status
  tar tf "$rv_path" >"$rv_own/members"
  rv_status=$?
  grep -a -i -E "(^|/)($rv_log_name|$rv_archive_name)\$" -- "$rv_own/members" >"$rv_own/members-wanted" || return "$rv_status"
  (ulimit -S -f "$rv_unpacked_limit" && exec tar xf "$rv_path" -C "$rv_to" --no-recursion -T "$rv_own/members-wanted")
}
