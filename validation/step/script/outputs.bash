# --- outputs ----------------------------------------------------------------------------------------------------------

rv_hand_on() { # every file that later steps get from this one; an empty one in the place of one that was not made
  local rv_i rv_whole=0
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    [[ -f $rv_top/$rv_id.${rv_hands_on[rv_i + 1]} ]] || rm -rf -- "$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}"
    if [[ ! -f $rv_job/${rv_hands_on[rv_i]} ]] ||
      ! cp -- "$rv_job/${rv_hands_on[rv_i]}" "$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}" 2>/dev/null; then
      [[ ! -f $rv_job/${rv_hands_on[rv_i]} ]] || rv_whole=1
      : >"$rv_top/$rv_id.${rv_hands_on[rv_i + 1]}" || rv_whole=1
    fi
  done
  return "$rv_whole"
}

# PATTERN [files]: sets rv_found to the files that match, directories searched, but with `files` those that match themselves
rv_match() {
  local rv_path IFS=
  rv_found=()
  shopt -s nullglob extglob
  for rv_path in $1; do
    if [[ -d $rv_path && $2 ]]; then
      continue
    elif [[ -d $rv_path ]]; then
      while IFS= read -r -d '' rv_path; do rv_found+=("$rv_path"); done < <(find "$rv_path" -type f -print0 | sort -z)
    elif [[ -f $rv_path ]]; then
      rv_found+=("$rv_path")
    fi
  done
  shopt -u nullglob extglob
}

rv_add_output() { # FILE NAME
  rv_size "$1"
  rv_out_files+=("$1") rv_out_names+=("$2") rv_out_sizes+=("$rv_reply")
}

rv_check_form() { # FILE NAME: of an output, where its name says what is in it
  case $1 in
    *.root | *.zip | *.tar | *.tar.* | *.gz | *.tgz | *.bz2 | *.xz | *.zst) rv_more && rv_check_content "$1" "$2" ;;
  esac
}

# ARCHIVE PATTERN…: takes the matching files that no earlier entry has taken, into the archive or, without one, as they are
rv_take() {
  local rv_archive=$1 rv_pattern rv_path rv_name rv_any='' rv_wildcard='[][*?(]'
  shift
  [[ ! -e $rv_own/zip-list.0 && ! -e $rv_own/zip-list.9 ]] || rm -f -- "$rv_own"/zip-list.*
  for rv_pattern in "$@"; do
    rv_match "$rv_pattern"
    if [[ $rv_archive && ! $rv_optional_members && ${#rv_found[@]} -eq 0 && ! $rv_pattern =~ $rv_wildcard && ! $rv_pattern =~ ^$rv_log_name$ ]]; then
      rv_lacking+=("$rv_archive:$rv_pattern")
    fi
    for rv_path in "${rv_found[@]}"; do
      rv_any=1
      [[ ${rv_taken[$rv_path]} ]] && continue
      rv_taken[$rv_path]=1
      rv_name=$rv_path
      case $rv_path in /* | ../* | */../*) rv_name=${rv_path##*/} ;; esac
      rv_check_form "$rv_path" "$rv_name"
      # what is not packed is seen to be empty by its size
      [[ $rv_archive && ! -s $rv_path ]] && rv_empty+=("$rv_name")
      case $rv_archive/$rv_path in
        /* | *$'\n'*) rv_add_output "$rv_path" "$rv_name" ;; # zip reads a list of lines
        *.root) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.0" ;; # compressed already
        *) printf '%s\n' "$rv_path" >>"$rv_own/zip-list.9" ;;
      esac
    done
  done
  if [[ ! -e $rv_own/zip-list.0 && ! -e $rv_own/zip-list.9 ]]; then
    [[ ! $rv_archive || $rv_any ]] || rv_lacking+=("$rv_archive:")
    return 0
  fi
  rv_more && rv_make_archive
}

rv_take_outputs() {
  local rv_i rv_archive rv_path rv_patterns=()
  declare -A rv_taken=()
  for ((rv_i = 0; rv_i < ${#rv_outputs[@]}; rv_i += 2)); do
    rv_archive=${rv_outputs[rv_i]}
    rv_patterns+=("${rv_outputs[rv_i + 1]}")
    # the patterns of one archive stand behind one another
    [[ $rv_archive && $rv_archive == "${rv_outputs[rv_i + 2]}" ]] && continue
    [[ $rv_dont_archive || $rv_save_all ]] && rv_archive=
    rv_take "$rv_archive" "${rv_patterns[@]}" || return 1
    rv_patterns=()
  done
  rv_take '' 'core*' validation_report.txt
  [[ $rv_save_all ]] || return 0
  while IFS= read -r -d '' rv_path; do rv_taken[$rv_path]=1; done < <(rv_print_inputs)
  while IFS= read -r -d '' rv_path; do
    [[ ${rv_taken[$rv_path]} ]] && continue
    rv_more && rv_check_whole "$rv_path" "$rv_path"
    rv_add_output "$rv_path" "$rv_path"
  done < <(find . -type f -printf '%P\0' | sort -z)
}

rv_copy_out() { # FILE NAME SIZE: one attempt; the file is at its place only when it is whole
  local rv_target=$rv_output_dir/$2 rv_part
  if [[ $rv_output_dir =~ $rv_address ]]; then
    rv_more && rv_copy_to_server "$1" "$2" || return
  else
    rv_part=${rv_target%/*}/.$rv_id.$$.${rv_target##*/}
    [[ -d ${rv_target%/*} ]] || mkdir -p -- "${rv_target%/*}" || return
    if [[ $3 == 0 && ! -e $rv_target && ! -L $rv_target ]]; then
      : >"$rv_target"
      return
    fi
    rv_limited "$rv_copy_timeout" cp -- "$1" "$rv_part" || { rm -f -- "$rv_part" && return 1; }
    rv_size "$rv_part"
    if [[ $rv_reply == "$3" ]]; then
      mv -f -- "$rv_part" "$rv_target" && return
      rm -f -- "$rv_part"
      return 1
    fi
    rm -f -- "$rv_part"
  fi
  [[ $rv_reply == "$3" ]] || { echo "$2 has ${rv_reply:-no} bytes at its destination, not $3" && return 1; }
}

rv_remove_parts() { # what an earlier execution of this step was storing when it was killed
  local rv_name rv_directory rv_part rv_number='+([0-9])'
  declare -A rv_looked=()
  shopt -s nullglob extglob
  for rv_name in "${rv_out_names[@]}"; do
    rv_name=$rv_output_dir/$rv_name
    rv_directory=${rv_name%/*}
    [[ ${rv_looked[$rv_directory]} ]] && continue
    rv_looked[$rv_directory]=1
    # shellcheck disable=SC2231 # a pattern
    for rv_part in "$rv_directory/.$rv_id".$rv_number.*; do rm -f -- "$rv_part"; done
  done
  shopt -u nullglob extglob
}

rv_copy_some() { # FIRST: every rv_copy_jobs-th file from there; a file that fails is named in failed.FIRST
  local rv_i rv_attempt rv_doing rv_scratch=$rv_own/scratch
  (($1 == 0)) || rv_scratch+=.$1
  for ((rv_i = $1; rv_i < ${#rv_out_files[@]}; rv_i += rv_copy_jobs)); do
    for ((rv_attempt = 1; ; rv_attempt++)); do
      rv_doing="output ${rv_out_names[rv_i]} to $rv_output_dir, attempt $rv_attempt"
      rv_say "$rv_doing"
      rv_copy_out "${rv_out_files[rv_i]}" "${rv_out_names[rv_i]}" "${rv_out_sizes[rv_i]}" >"$rv_scratch" 2>&1 && break
      rv_last_line "$rv_scratch"
      rv_more && rv_tell_failure "$rv_attempt" "$rv_reply"
      if ((rv_attempt == rv_attempts)); then
        printf '%s: %s\n' "${rv_out_names[rv_i]}" "${rv_reply:-it failed and did not say why}" >"$rv_own/failed.$1"
        return
      fi
      sleep $((rv_copy_pause * rv_attempt))
    done
  done
}

rv_transfer() { # all outputs to the output directory
  local rv_first rv_pids=() rv_pid
  [[ $rv_output_dir ]] || return 0
  if [[ $rv_output_dir =~ $rv_address ]]; then
    # xrdcp and its proxy come with the payload's environment
    # shellcheck source=/dev/null
    . "$rv_own/environment" 2>/dev/null
    rv_need xrdcp "transfer outputs to $rv_output_dir" || rv_fail output "$rv_message"
    rv_need xrdfs "verify outputs at $rv_output_dir" || rv_fail output "$rv_message"
  elif [[ $rv_output_dir != /* ]]; then
    rv_fail output "the output directory must be an absolute path or a root:// address, not $rv_output_dir"
  else
    rv_remove_parts
  fi
  for ((rv_first = 1; rv_first < rv_copy_jobs && rv_first < ${#rv_out_files[@]}; rv_first++)); do
    rv_copy_some "$rv_first" &
    rv_pids+=($!)
  done
  rv_copy_some 0
  for rv_pid in "${rv_pids[@]}"; do wait "$rv_pid"; done
  for rv_first in "$rv_own"/failed.*; do
    [[ -e $rv_first ]] || return 0
    rv_last_line "$rv_first"
    rv_fail output "transfer to $rv_output_dir failed: $rv_reply"
  done
}
