#!/bin/bash
# Merges the validation reports of many steps into validation_report_full.txt and validation_report_full.html.
#
#   merge_validation_reports.sh LIST
#
# Each line of LIST has the name of a report, a tab, and the directory that the report's files are in. A report has one
# finding a line: file:line:message. With RELVAL_DISPLAY_URL set, the files in the HTML page are links: that address in
# the place of ALIEN_JDL_OUTPUTDIR.
set -eu
export LC_ALL=C

list=${1:?"usage: merge_validation_reports.sh LIST"}
[[ -r $list ]] || { echo "merge_validation_reports.sh: cannot read the list of reports $list" >&2; exit 1; }

# One finding a line: path, line number, message, with tabs between them.
findings() {
  local report directory finding file rest number
  while IFS=$'\t' read -r report directory || [[ $report ]]; do
    [[ $report ]] || continue
    if [[ ! -e $report ]]; then
      printf '%s/validation_report.txt\t0\tthe step left no validation report\n' "$directory"
      continue
    fi
    while IFS= read -r finding || [[ $finding ]]; do
      [[ $finding ]] || continue
      finding=${finding//$'\t'/ }
      file=${finding%%:*}
      rest=${finding#*:}
      number=${rest%%:*}
      if [[ $number =~ ^[0-9]+$ && $rest == *:* ]]; then rest=${rest#*:}; else number=0; fi
      printf '%s/%s\t%s\t%s\n' "$directory" "$file" "$number" "$rest"
    done <"$report"
  done <"$list"
}

findings | sort -t $'\t' -k1,1 -k2,2n >validation_report_full.tmp

awk -F '\t' '{ print $1 ":" $2 ":" $3 }' validation_report_full.tmp >validation_report_full.txt

awk -F '\t' -v base="${ALIEN_JDL_OUTPUTDIR:-}" -v url="${RELVAL_DISPLAY_URL:-}" '
  function escape(text) {
    gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text)
    return text
  }
  BEGIN {
    print "<!doctype html>"
    print "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Validation report</title>"
    print "<style>"
    print "body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }"
    print "table { border-collapse: collapse; }"
    print "th, td { border-bottom: 1px solid #ccc; padding: .3em .8em; text-align: left; vertical-align: top; }"
    print "td:nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; }"
    print "td:nth-child(3) { font-family: monospace; white-space: pre-wrap; }"
    print "</style></head><body>"
    print "<h1>Validation report</h1>"
    print "<table><thead><tr><th>File</th><th>Line</th><th>Message</th></tr></thead><tbody>"
  }
  {
    file = $1
    if (base != "" && index(file, base "/") == 1) file = substr(file, length(base) + 2)
    shown = escape(file)
    if (url != "" && file != $1) shown = "<a href=\"" escape(url "/" file) "\">" shown "</a>"
    print "<tr><td>" shown "</td><td>" $2 "</td><td>" escape($3) "</td></tr>"
  }
  END {
    print "</tbody></table>"
    print "<p>" (NR == 0 ? "No known error was found." : NR (NR == 1 ? " finding." : " findings.")) "</p>"
    print "</body></html>"
  }' validation_report_full.tmp >validation_report_full.html

rm -f validation_report_full.tmp
echo "$(wc -l <validation_report_full.txt) findings in $(grep -c . "$list" || true) reports"
