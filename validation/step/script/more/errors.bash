# --- known errors -----------------------------------------------------------------------------------------------------

rv_report_errors() { # known errors of every log, as file:line:message, and core dumps, in own/report, where there are any
  local rv_core rv_i rv_near=()
  {
    for rv_i in stdout.log stderr.log; do
      if [[ $rv_i -ef $rv_top/$rv_id.$rv_i ]]; then rv_near+=("$rv_i"); else rv_grep "$rv_i" <"$rv_top/$rv_id.$rv_i"; fi
    done
    for ((rv_i = 0; rv_i < ${#rv_paths[@]}; rv_i++)); do
      if [[ ${rv_paths[rv_i]} == ./* ]]; then
        rv_near+=("${rv_names[rv_i]}")
      else
        rv_grep "${rv_names[rv_i]}" <"${rv_paths[rv_i]}"
      fi
    done
    if [[ ${#rv_near[@]} -gt 100 ]]; then
      printf '%s\0' "${rv_near[@]}" | xargs -0 grep -a -H -n -F -f "$rv_top/relval-patterns" --
    elif [[ ${#rv_near[@]} -gt 0 ]]; then
      grep -a -H -n -F -f "$rv_top/relval-patterns" -- "${rv_near[@]}"
    fi
    for rv_core in "${rv_core_dumps[@]}"; do printf '%s:0:core dumped\n' "$rv_core"; done
  } >"$rv_own/matches" 2>/dev/null
  [[ ! -s $rv_own/matches ]] || cut -b -4000 -- "$rv_own/matches" | rv_masked >"$rv_own/report"
}

rv_grep() { # NAME, of standard input
  grep -a -H -n -F -f "$rv_top/relval-patterns" --label="$1"
}

# Standard input with every text of rv_masks replaced by as many asterisks. Those texts reach sed by a pipe: neither a file
# nor a command line has them.
rv_masked() {
  [[ $rv_masks ]] || exec cat
  export LC_ALL=C # the payload's environment may have another one
  exec sed -f <(printf '%s\n' "$rv_masks" | sed 'h; s,[/.*[^$\\],\\&,g; x; s,.,*,g; x; G; s,\n,/,; s,.*,s/&/g,')
}
