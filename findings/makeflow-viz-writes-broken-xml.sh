#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4; 7.14.5 of Debian 13 and 7.15.9 of sid do the same): makeflow_viz writes
# XML for two other programs, and ends with status 0 when it is none. In the form "dax", for Pegasus, the command stands in
# the text as it is, so a && or a < of the shell breaks the document. The common 2>&1 becomes a standard output with the
# name "&1". The form "cyto", for Cytoscape, uses the prefix dc of RDF and never declares it, so a reader that knows
# namespaces refuses every workflow.
#
# Expected, by XML 1.0 (2.4: & and < are written &amp; and &lt;) and Namespaces in XML (5: a prefix must be declared): both
# can be read. Seen, with the reader of python3:
#   dax, cp in out                  read
#   dax, test -s in && cp in out    not well-formed (invalid token)
#   dax, sort < in > out            not well-formed (invalid token)
#   dax, cp in out 2>&1             not well-formed (invalid token), <stdout name="&1"
#   cyto, cp in out                 unbound prefix
#
# Needs apt-get with Debian 12 as a source, dpkg-deb, python3, and what the package depends on.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=9.9-2+b4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get -qq download "coop-computing-tools=$VERSION" >/dev/null 2>&1 || { echo "cannot download coop-computing-tools $VERSION"; exit 2; }
dpkg-deb -x coop-computing-tools_*.deb root || exit 2

: >in
problem() { # FORM COMMAND: sets answer to what the reader says of the document
  rm -f flow.dax
  printf '%s\n' 'out: in' $'\t'"$2" >flow
  root/usr/bin/makeflow_viz -D "$1" flow >printed 2>text || { cat text; exit 2; }
  [[ $1 == dax ]] && cp flow.dax printed
  answer=$(python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("printed")' 2>&1 | sed -n '$s/.*ExpatError: \([^:]*\):.*/\1/p')
  echo "coop-computing-tools $VERSION, $1, $2: ${answer:-read}"
}
problem dax 'cp in out'
[[ $answer ]] && exit 2
for command in 'test -s in && cp in out' 'sort < in > out' 'cp in out 2>&1'; do
  problem dax "$command"
  [[ $answer == 'not well-formed (invalid token)' ]] || exit 1
done
grep -q '<stdout name="&1"' printed || exit 1
problem cyto 'cp in out'
[[ $answer == 'unbound prefix' ]] || exit 1
