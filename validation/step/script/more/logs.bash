# --- logs, where there are some ---------------------------------------------------------------------------------------

rv_list_all_logs() {
  local rv_entry
  if ! rv_list_logs . ''; then
    # the payload's own directories, into which nobody may look
    chmod -R u+rwX . 2>/dev/null
    rv_paths=() rv_names=() rv_sizes=() rv_links=()
    rv_list_logs . '' || { rv_last_line "$rv_own/unseen.$rv_depth" && rv_cannot_read 'a directory' "$rv_reply"; }
  fi
  # after all others: a link to one of them is no other log
  for rv_entry in "${rv_links[@]}"; do rv_look_at_link "$rv_entry"; done
}

# DIRECTORY PREFIX [FIND-OPTION…]: looks at every log below it, by the name PREFIX and its path there. False when find could not
# see everything.
rv_list_logs() {
  local rv_line rv_type rv_rest rv_directory=$1 rv_prefix=$2
  shift 2
  while IFS= read -r -d '' rv_line; do
    rv_type=${rv_line:0:1} rv_rest=${rv_line:2}
    if [[ -L $rv_directory/${rv_rest#* } ]]; then
      rv_links+=("$rv_type ${rv_rest#* }")
    else
      rv_look_at "$rv_directory/${rv_rest#* }" "$rv_prefix${rv_rest#* }" "$rv_type" "${rv_rest%% *}"
    fi
  done < <(
    exec find "$rv_directory" "$@" -regextype posix-extended \
      \( ! -type d -iregex ".*/($rv_log_name|$rv_archive_name)" -o -type f -name 'core*' -o -type l -xtype d -iregex '.*logs?' \) \
      ! -samefile "$rv_top/$rv_id.stdout.log" ! -samefile "$rv_top/$rv_id.stderr.log" -printf '%Y %s %P\0' 2>"$rv_own/unseen.$rv_depth"
  )
  [[ ! -s $rv_own/unseen.$rv_depth ]]
}

rv_look_at_link() { # TYPE NAME, as one word, below the payload's directory
  local rv_name=${1#* } rv_path rv_target
  for rv_path in "${rv_paths[@]}"; do [[ $rv_name -ef $rv_path ]] && return; done
  case $1 in
    f\ *) rv_size "$rv_name" && rv_look_at "./$rv_name" "$rv_name" f "$rv_reply" ;;
    d\ *)
      rv_target=$(readlink -f -- "$rv_name")
      [[ $rv_target/ == "$(readlink -f .)"/* ]] && return
      rv_links=()
      rv_list_logs "$rv_name/" "$rv_name/" -maxdepth 3 || rv_cannot_read "$rv_name" 'a directory that it leads to may not be read'
      ;;
    *) rv_look_at "./$rv_name" "$rv_name" "${1%% *}" 0 ;;
  esac
}

rv_look_at() { # PATH NAME TYPE BYTES, of one that passes for a log or an archive
  local rv_path=$1 rv_name=$2 rv_bytes=$4 rv_base=${2##*/} rv_magic=''
  local rv_lower=${rv_base,,}
  if [[ $rv_lower == core* && ! $rv_lower =~ ^($rv_log_name|$rv_archive_name)$ ]]; then
    ! rv_is_core_dump || rv_core_dumps+=("$rv_name")
    return
  fi
  if [[ $3 != f ]]; then
    [[ $rv_path -ef /dev/null ]] && return
    case $rv_lower/$3 in
      *.log*/[NL]) rv_cannot_read "$rv_name" 'it is a link that leads to nothing' ;;
      *.log*/*) rv_cannot_read "$rv_name" 'it is no file, but a pipe, a socket or a device' ;;
    esac
    return
  fi
  [[ -r $rv_path ]] || chmod u+r -- "$rv_path" 2>/dev/null
  if [[ ! -r $rv_path ]]; then
    rv_cannot_read "$rv_name" 'nobody may read it'
    return
  fi
  [[ $rv_bytes == 0 ]] || IFS= read -r -d '' -n 6 rv_magic <"$rv_path"
  if [[ $rv_fast ]]; then
    [[ $rv_lower =~ ^$rv_archive_name$ ]] || rv_add_log "$rv_path" "$rv_name" "$rv_bytes"
    return
  fi
  [[ ! $rv_lower =~ ^$rv_archive_name$ ]] || { rv_look_into_archive && return; }
  case $rv_magic in
    $'\037\213'* | $'\037\235'*) rv_uncompress gzip -dc ;;
    BZh[1-9]*) rv_uncompress bzip2 -dc ;;
    $'\3757zXZ'*) rv_uncompress xz -dc ;;
    $'\050\265\057\375'*) rv_uncompress zstd -dcq ;;
    $'\004\042\115\030'*) rv_uncompress lz4 -dc ;;
    $'PK\003\004'*) rv_look_into_archive ;;
    $'7z\274\257'*) rv_cannot_read "$rv_name" 'nothing here unpacks 7z' ;;
    $'Rar!\032'*) rv_cannot_read "$rv_name" 'nothing here unpacks rar' ;;
    $'\377\376'* | $'\376\377'*) rv_uncompress tr -d '\000\376\377' ;;
    *)
      if rv_is_wide || rv_is_very_wide; then
        rv_uncompress tr -d '\000\376\377'
      elif [[ $rv_lower == *.log || ($rv_lower == *.log* && $rv_lower != *.root) ]] || ! rv_is_binary; then
        rv_add_log "$rv_path" "$rv_name" "$rv_bytes"
      fi
      ;;
  esac
}

rv_is_wide() { # rv_path: two bytes a character, one of which is 0
  local rv_first='' rv_second='' rv_third=''
  [[ ${#rv_magic} -le 1 && $rv_bytes -gt 3 ]] || return
  {
    IFS= read -r -d '' -n 2 rv_first
    IFS= read -r -d '' -n 2 rv_second
    IFS= read -r -d '' -n 2 rv_third
  } <"$rv_path"
  [[ ${#rv_first} -le 1 && ${#rv_second} -eq 1 && ${#rv_third} -eq 1 ]]
}

rv_is_very_wide() { # rv_path: four bytes a character, three of which are 0, with a mark before them or without
  local rv_begin rv_one='[1-9][0-9]*'
  [[ ${#rv_magic} -le 1 && $rv_bytes -gt 7 ]] || return
  read -r -a rv_begin <<<"$(od -A n -t u1 -v -N 8 -- "$rv_path" 2>/dev/null)"
  [[ "${rv_begin[*]}" =~ ^(0\ 0\ (0\ $rv_one|254\ 255)\ 0\ 0\ 0\ $rv_one|$rv_one\ 0\ 0\ 0\ $rv_one\ 0\ 0\ 0)$ ]]
}

rv_is_binary() { # rv_path: one of the first bytes is 0
  local rv_text=''
  IFS= read -r -d '' -n 512 rv_text <"$rv_path" && [[ ${#rv_text} -lt 512 ]]
}

rv_is_core_dump() { # rv_path: by what it is called, or holds: correlations.root and core.C are none
  local rv_type='^ +(4 +0|0 +4)$' # ET_CORE, in either byte order
  [[ $rv_base =~ ^core(\.[0-9]+)?$ ]] && return
  IFS= read -r -d '' -n 4 rv_magic <"$rv_path"
  [[ $rv_magic == $'\177ELF' && $(od -A n -t d1 -j 16 -N 2 -- "$rv_path" 2>/dev/null) =~ $rv_type ]]
}

rv_add_log() { # PATH NAME BYTES
  rv_paths+=("$1") rv_names+=("$2") rv_sizes+=("$3")
}
