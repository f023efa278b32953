# --- what comes back of logs ------------------------------------------------------------------------------------------

# Frames, one a log: "relval-log-1 BYTES HEAD OMITTED NAME", then BYTES bytes of which OMITTED were left out after the first
# HEAD, then a line feed. What stands between the logs is written to files, so that one cat writes all.
rv_pack_logs() {
  local rv_i rv_keep rv_bytes rv_omitted rv_piece rv_name rv_parts=() rv_room=$rv_logs_limit
  for ((rv_i = 0; rv_i < ${#rv_paths[@]}; rv_i++)); do
    rv_bytes=${rv_sizes[rv_i]} rv_piece=${rv_paths[rv_i]} rv_omitted=0
    rv_name=${rv_names[rv_i]//$'\n'/$'\342\220\244'} # a frame's name is a line
    [[ $rv_name != relval-step.log ]] || rv_name=payload-relval-step.log
    ((rv_keep = rv_log_limit < rv_room ? rv_log_limit : rv_room))
    if ((rv_bytes > rv_keep)); then
      ((rv_omitted = rv_bytes - rv_keep))
      rv_piece=$rv_own/piece.$rv_i
      head -c $((rv_keep / 2)) -- "${rv_paths[rv_i]}" >"$rv_piece"
      tail -c $((rv_keep - rv_keep / 2)) -- "${rv_paths[rv_i]}" >>"$rv_piece"
      rv_find_left_out "${rv_paths[rv_i]}" $((rv_keep / 2)) "$rv_omitted" "logs/$rv_name"
      rv_bytes=$rv_keep
    fi
    ((rv_room -= rv_bytes))
    printf 'relval-log-1 %d %d %d %s\n' "$rv_bytes" $((rv_omitted > 0 ? rv_bytes / 2 : rv_bytes)) "$rv_omitted" "$rv_name" >"$rv_own/frame.$rv_i"
    rv_parts+=("$rv_own/frame.$rv_i" "$rv_piece" "$rv_own/frame-end")
  done
  echo >"$rv_own/frame-end"
  printf '%s\0' "${rv_parts[@]}" | xargs -0 cat --
}

rv_leave_out() { # NAME: the middle of rv_file
  [[ $rv_interrupted == true ]] || rv_find_left_out "$rv_file" "$rv_half" $((rv_bytes - 2 * rv_half)) "$1"
  {
    head -c "$rv_half" -- "$rv_file" &&
      printf '\n[relval: %d bytes left out here]\n' $((rv_bytes - 2 * rv_half)) &&
      tail -c "$rv_half" -- "$rv_file"
  } >"$rv_own/piece" && mv -f -- "$rv_own/piece" "$rv_file"
}

# FILE FROM BYTES NAME: this part of a log does not come back. The lines with known errors do, each with three lines around
# it: "relval-lines-1 BYTES BEFORE NAME", then what grep -n says of the part, before which there are BEFORE lines.
rv_find_left_out() {
  local rv_from=$2 rv_to=$(($2 + $3 + 300)) rv_before rv_excerpt=$rv_own/found
  # what is across the border is in neither part
  ((rv_from = rv_from > 300 ? rv_from - 300 : 0))
  rv_before=$(head -c "$rv_from" -- "$1" | wc -l)
  rv_left_out "$1" | grep -a -n -C 3 -F -f "$rv_top/relval-patterns" 2>/dev/null | head -c "$rv_context_limit" >"$rv_excerpt"
  rv_size "$rv_excerpt"
  if ((rv_reply == rv_context_limit)); then
    # too many: of each kind the first one
    rv_left_out "$1" | grep -a -n -F -f "$rv_top/relval-patterns" | cut -b -2000 |
      sed $'h; s/^[0-9]*://; s/[0-9][0-9]*/0/g; s/\001//g; G; s/\\n/\001/' | sort -s -u -t $'\001' -k 1,1 | cut -d $'\001' -f 2- |
      head -c "$rv_kinds_limit" >"$rv_excerpt.kinds"
    rv_size "$rv_excerpt.kinds"
    ((rv_reply < rv_kinds_limit)) || rv_cannot_read "$4" 'there are more errors in it than can come back'
    echo >>"$rv_excerpt"
    cat -- "$rv_excerpt.kinds" >>"$rv_excerpt"
    rv_find_in_long_lines "$1"
    rv_size "$rv_excerpt"
  fi
  ((rv_reply > 0)) || return 0
  {
    printf 'relval-lines-1 %d %d %s\n' "$rv_reply" "$rv_before" "$4"
    cat -- "$rv_excerpt"
    printf '\n'
  } >>"$rv_own/left-out"
}

# FILE: of each text in lines that are longer than what comes back of a line of each kind, the first place, with what is around it
rv_find_in_long_lines() {
  local rv_long=$rv_excerpt.long rv_line rv_number rv_at
  rv_left_out "$1" | grep -a -n -F -f "$rv_top/relval-patterns" | grep -a '^.\{2001\}' >"$rv_long" || return
  while IFS=: read -r rv_line rv_at _; do
    rv_number=$(tail -n "+$rv_line" -- "$rv_long" | head -c 20)
    ((rv_at = rv_at > 500 ? rv_at - 500 : 0))
    printf '%s:... %s\n' "${rv_number%%:*}" "$(tail -c "+$((rv_at + 1))" -- "$rv_long" | head -c 2000 | tr '\n' ' ')"
  done < <(grep -a -n -b -o -F -f "$rv_top/relval-patterns" -- "$rv_long" | sort -s -u -t : -k 3 | head -n 200) >>"$rv_excerpt"
}

rv_left_out() { # FILE: its bytes from rv_from to rv_to, without colours, and without the NUL bytes of other encodings
  local rv_head
  rv_head=$(head -c 65536 -- "$1" | tr -d '\0')
  if [[ $rv_head == *$'\033['* ]]; then
    tail -c "+$((rv_from + 1))" -- "$1" | head -c $((rv_to - rv_from)) | tr -d '\0' | sed $'s/\033\\[[0-9;]*[A-Za-z]//g'
  else
    tail -c "+$((rv_from + 1))" -- "$1" | head -c $((rv_to - rv_from)) | tr -d '\0'
  fi
}
