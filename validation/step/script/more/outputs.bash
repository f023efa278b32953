# --- archives, and outputs whose names say their form -----------------------------------------------------------------

rv_check_content() { # FILE NAME: of an output
  rv_check_whole "$1" "$2"
  rv_check_members "$1" "$2"
}

# FILE NAME: names an output in rv_cut_off whose own format says that its end is missing. Whatever a file is called: one that
# does not begin as its format does is none.
rv_check_whole() {
  local rv_bytes rv_end rv_tool=''
  case $1 in
    *.root | *.zip | *.tar | *.gz | *.tgz | *.bz2 | *.xz | *.zst) ;;
    *) return ;;
  esac
  # shellcheck disable=SC2207 # numbers
  rv_bytes=($(od -A n -t u1 -v -N 28 -- "$1" 2>/dev/null))
  rv_size "$1"
  case "$1 ${rv_bytes[*]:0:4} " in
    *.root\ 114\ 111\ 111\ 116\ *) ! rv_is_cut_root "$rv_reply" "${rv_bytes[@]}" || rv_cut_off+=("$2") ;;
    # the record at the end, behind which there is nothing but a comment whose length it has
    *.zip\ 80\ 75\ [35]\ [46]\ *)
      tail -c 65557 -- "$1" >"$rv_own/piece"
      rv_size "$rv_own/piece"
      rv_end=$(grep -a -b -o -F $'PK\005\006' -- "$rv_own/piece" | tail -n 1 | cut -d : -f 1 | tr -d '\0')
      # shellcheck disable=SC2207
      [[ $rv_end ]] && rv_bytes=($(od -A n -t u1 -v -j $((rv_end + 20)) -N 2 -- "$rv_own/piece" 2>/dev/null))
      [[ $rv_end && ${#rv_bytes[@]} -eq 2 && $((rv_end + 22 + rv_bytes[0] + rv_bytes[1] * 256)) -le $rv_reply ]] || rv_cut_off+=("$2")
      ;;
    *.gz\ 31\ 139\ * | *.tgz\ 31\ 139\ *) rv_tool=gzip ;;
    *.bz2\ 66\ 90\ 104\ *) rv_tool=bzip2 ;;
    *.xz\ 253\ 55\ 122\ 88\ *) rv_tool=xz ;;
    *.zst\ 40\ 181\ 47\ 253\ *) rv_tool=zstd ;;
    # whole records, and two of zeros at the end
    *.tar\ *)
      [[ $(head -c 262 -- "$1" | tail -c 5) == ustar ]] || return
      ((rv_reply % 512 == 0)) && [[ ! $(tail -c 1024 -- "$1" | tr -d '\0') ]] || rv_cut_off+=("$2")
      ;;
  esac 2>/dev/null
  [[ $rv_tool ]] && type -P "$rv_tool" >/dev/null || return
  "$rv_tool" -t -- "$1" >/dev/null 2>&1
  # other statuses tell of something behind the end, or that it was killed
  case $rv_tool$? in gzip1 | bzip22 | xz1 | zstd1) rv_cut_off+=("$2") ;; esac
}

# SIZE BYTE…: whether a ROOT file of that size and with these first 28 bytes has no end: "root", the version, where the first
# object begins, where the last one ends, and where the list of free places is, which is written when the file is closed: the
# last two in 8 bytes from version 1000000 on.
rv_is_cut_root() {
  local rv_size=$1 rv_bytes=("${@:2}") rv_begin rv_end rv_free=0
  [[ "${rv_bytes[*]:0:5}" == '114 111 111 116 0' && ${#rv_bytes[@]} -ge 20 ]] || return
  rv_number_at 8 4 && rv_begin=$rv_number
  if (((rv_bytes[5] << 16 | rv_bytes[6] << 8 | rv_bytes[7]) < 1000000)); then
    rv_number_at 12 4 && rv_end=$rv_number && rv_number_at 16 4
  else
    rv_number_at 12 8 && rv_end=$rv_number && rv_number_at 20 8
  fi
  [[ ${#rv_bytes[@]} -lt 28 ]] || rv_free=$rv_number
  ((rv_size < rv_end || rv_free <= rv_begin))
}

rv_number_at() { # FROM COUNT: sets rv_number to the number that so many of rv_bytes are, the highest first
  local rv_i
  rv_number=0
  for ((rv_i = $1; rv_i < $1 + $2; rv_i++)); do ((rv_number = rv_number << 8 | rv_bytes[rv_i])); done
  return 0
}

# FILE NAME: names the empty files in an archive that the payload made in rv_empty, and its cut ROOT files in rv_cut_off
rv_check_members() {
  local rv_line rv_bytes rv_file=$1 rv_list=$rv_own/members
  case $1 in *.zip | *.tar | *.tar.* | *.tgz) ;; *) return ;; esac
  [[ $1 == /* ]] || rv_file=./$1
  case $1 in
    *.zip) unzip -l "$rv_file" | sed -n 's/^ *\([0-9][0-9]*\)  [0-9-]* [0-9:]*   /\1 /p' ;;
    *.tar | *.tar.* | *.tgz) tar tvf "$rv_file" | sed -n 's/^-[^ ]*  *[^ ]*  *\([0-9][0-9]*\) [0-9-]* [0-9:]* /\1 /p' ;;
  esac 2>/dev/null </dev/null >"$rv_list"
  # the end of a directory without entries
  [[ $1 != *.zip || $(head -c 4 -- "$rv_file" | tr -d '\0') != $'PK\005\006' ]] || rv_empty+=("$2")
  while IFS= read -r rv_line; do
    rv_empty+=("$2/${rv_line#0 }")
  done < <(grep -a '^0 .*[^/]$' -- "$rv_list" | head -n 100)
  grep -a -q '\.root$' -- "$rv_list" || return
  while IFS= read -r rv_line; do
    read -r -a rv_bytes <<<"${rv_line%%/*}"
    ! rv_is_cut_root "${rv_bytes[@]}" || rv_cut_off+=("$2/${rv_line#*/}")
  done < <(rv_begins_of_members 2>/dev/null </dev/null)
}

# Of each ROOT file in the archive rv_file, whose members are in rv_list: SIZE BYTE…/NAME, of its first 28 bytes.
rv_begins_of_members() {
  local rv_line rv_name
  if [[ $rv_file == *.zip ]]; then
    grep -a '\.root$' -- "$rv_list" | while IFS= read -r rv_line; do
      # unzip takes a name for a pattern
      rv_name=${rv_line#* }
      rv_name=${rv_name//\\/\\\\} && rv_name=${rv_name//\[/\\[} && rv_name=${rv_name//\*/\\*} && rv_name=${rv_name//\?/\\?}
      printf '%s%s/%s\n' "${rv_line%% *}" "$(unzip -p "$rv_file" "$rv_name" </dev/null | head -c 28 | od -A n -t u1 -v | tr '\n' ' ')" "${rv_line#* }"
    done
  else
    # shellcheck disable=SC2016 # for the shell that tar starts
    tar xf "$rv_file" --wildcards '*.root' \
      -C "$rv_own" --to-command='printf "%s%s/%s\n" "$TAR_SIZE" "$(head -c 28 | od -A n -t u1 -v | tr "\n" " ")" "$TAR_FILENAME"; cat >/dev/null'
  fi
}

rv_make_archive() { # of the files in the zip lists
  rv_need zip "make $rv_archive" || return 1
  rv_note "after make $rv_archive"
  rv_zip "$rv_own/archive.zip" >"$rv_own/scratch" 2>&1 || {
    rv_last_line "$rv_own/scratch"
    rv_message="zip could not make $rv_archive: $rv_reply"
    return 1
  }
  rv_path=$rv_own/zip/$rv_archive
  { mkdir -p -- "${rv_path%/*}" && mv -f -- "$rv_own/archive.zip" "$rv_path"; } >"$rv_own/scratch" 2>&1 || {
    rv_last_line "$rv_own/scratch"
    rv_message="$rv_archive could not be put into its place${rv_reply:+: $rv_reply}"
    return 1
  }
  rv_add_output "$rv_path" "$rv_archive"
}

rv_zip() { # FILE: of the files in the zip lists, each of which is named after its compression level
  local rv_level
  for rv_level in 0 9; do
    [[ ! -e $rv_own/zip-list.$rv_level ]] || zip -q "-$rv_level" "$1" -@ <"$rv_own/zip-list.$rv_level" || return
  done
}

rv_find_missing() { # what later stages read must be there: a file, or an archive of that name
  local rv_pattern rv_name rv_kind rv_i
  for ((rv_i = 0; rv_i < ${#rv_hands_on[@]}; rv_i += 2)); do
    [[ -f ${rv_hands_on[rv_i]} ]] || rv_missing+=("${rv_hands_on[rv_i]}")
  done
  for rv_pattern in "${rv_expects[@]}"; do
    [[ -f $rv_pattern ]] && continue # a name, whatever characters are in it
    # Its name says that a file is meant, and no directory.
    rv_kind=''
    [[ ! ${rv_pattern##*/} =~ \.[A-Za-z0-9]+$ ]] || rv_kind=files
    rv_match "$rv_pattern" "$rv_kind"
    [[ ${#rv_found[@]} -gt 0 ]] && continue
    for rv_name in "${rv_out_names[@]}"; do
      # shellcheck disable=SC2053 # a pattern
      [[ $rv_kind && $rv_name == $rv_pattern/* ]] && continue
      # shellcheck disable=SC2053 # a pattern
      [[ $rv_name == "$rv_pattern" || $rv_name == $rv_pattern ]] && continue 2
    done
    rv_missing+=("$rv_pattern")
  done
}

rv_copy_to_server() { # FILE NAME: sets rv_reply to the size that it has there
  local rv_target rv_server rv_path rv_parameters=''
  [[ $2 != *\?* ]] || { echo "a name with a question mark cannot be stored at an XRootD address" && return 1; }
  # an address has its parameters behind the name of the file, and both of xrdfs' words have them
  [[ $rv_output_dir == *\?* ]] && rv_parameters=\?${rv_output_dir#*\?}
  rv_target=${rv_output_dir%%\?*}/$2
  rv_path=${rv_target#*://}
  rv_server=${rv_target%%://*}://${rv_path%%/*}
  rv_path=${rv_path#*/}
  rv_limited "$rv_copy_timeout" rv_xrootd xrdcp -f -N "$1" "$rv_target$rv_parameters" || return
  rv_reply=$(rv_limited "$rv_copy_timeout" rv_xrootd xrdfs "$rv_server/$rv_parameters" stat "$rv_path$rv_parameters" | sed -n 's/^Size: *//p')
}
