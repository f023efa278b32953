export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * The script with which a shell completes `relval`. It asks `relval` for every word, so that runs and steps are up to date. If
 * relval has no answer, the shell offers files.
 * @param ask the command that answers with lines of word, tabulator, description
 */
export function script(shell: (typeof SHELLS)[number], ask: string): string {
  switch (shell) {
    case 'bash':
      return `# Completion of relval for bash. Once: relval completion bash >> ~/.bashrc
_relval() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line ]] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" ${ask} -- "\${words[@]}" 2>/dev/null)
}
complete -o default -F _relval relval`;
    case 'zsh':
      return `#compdef relval
# Completion of relval for zsh. Once: relval completion zsh >> ~/.zshrc
_relval() {
  local -a found
  local line
  while IFS= read -r line; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" ${ask} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe relval found; else _files; fi
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _relval "$@"; else compdef _relval relval; fi`;
    case 'fish':
      return `# Completion of relval for fish. Once: relval completion fish > ~/.config/fish/completions/relval.fish
function __relval_words
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] ${ask} -- $words[2..-1] 2>/dev/null)
    if test -n "$found"
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c relval -f -a '(__relval_words)'`;
  }
}
