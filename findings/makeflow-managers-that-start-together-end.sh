#!/bin/bash
# cctools 9.9 (Debian 12, coop-computing-tools 9.9-2+b4): makeflows with `-T wq` and without a port of their own (`-Z FILE`)
# that start in the same moment can end at once, one or all of them, although thousands of ports are free. makeflow sets
# SO_REUSEADDR, takes the first port from 1024 on that it can bind, and listens a moment later. Until then another one can bind it too.
# listen() then fails, and makeflow looks no further: "Could not create work_queue on port 0", "workflow failed", status 1.
# The moment is short (some 0.1 ms), but runs that a clock starts meet in it: seen in a test that started two, where both
# ended. strace makes it 0.3 s long here; makeflow itself is not changed.
#
# Expected: two managers, on two ports. Seen: the number of managers that listen is one or none, the others end with status 1.
# A caller shall start it again after a random pause (`-p` for a free port that it has looked for has such a moment too).
#
# Needs apt-get with Debian 12 as a source, dpkg-deb, what the packages depend on, and the right to trace processes.
# Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=9.9-2+b4
STRACE=6.1-0.1
work=$(mktemp -d) || exit 2
pids=()
clean() {
  local pid
  for pid in "${pids[@]}"; do kill -- "-$pid" 2>/dev/null; done
  wait
  rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 2
for package in "coop-computing-tools=$VERSION" "strace=$STRACE"; do
  apt-get -qq download "$package" >/dev/null 2>&1 || { echo "cannot download $package"; exit 2; }
done
for package in ./*.deb; do dpkg-deb -x "$package" root || exit 2; done

# start NAME [STRACE-OPTION...]: a makeflow in its own directory and session; its pid becomes the last of pids.
start() {
  local name=$1
  shift
  mkdir "$name" && printf 'out:\n\techo done > out\n' >"$name/flow"
  (cd "$name" && exec setsid ../root/usr/bin/strace -f -o trace -e trace=listen "$@" \
    env OMPI_MCA_ess_singleton_isolated=1 ../root/usr/bin/makeflow -T wq -N "$name" -C 127.0.0.1:1 -Z port flow >text 2>&1) &
  pids+=("$!")
}
# listening NAME...: how many have written the port where they listen
listening() { local name count=0; for name; do [[ -s $name/port ]] && count=$((count + 1)); done; echo "$count"; }

# One after the other: both listen, so nothing else is wrong.
start first
for _ in {1..100}; do [[ -s first/port ]] && break; sleep 0.1; done
start second
for _ in {1..100}; do [[ -s second/port ]] && break; sleep 0.1; done
[[ $(listening first second) == 2 ]] || { cat ./*/text; exit 2; }

slow=(-e inject=listen:delay_enter=300000)
start third "${slow[@]}"
start fourth "${slow[@]}"
sleep 10
lost=$(grep -l 'Could not create work_queue on port 0' third/text fourth/text | wc -l)
echo "coop-computing-tools $VERSION: apart, 2 of 2 listen; together, $(listening third fourth) of 2, and $lost found no port"
grep -h -m1 'listen(.*EADDRINUSE' third/trace fourth/trace
[[ $lost -ge 1 && $(listening third fourth) == $((2 - lost)) ]] || exit 1
