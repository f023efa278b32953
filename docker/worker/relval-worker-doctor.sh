#!/bin/bash
# Says whether steps of a validation will run where this script runs, and what is wrong if not. Runs in the worker's
# image, on bash 4.1 and coreutils 8.4, and needs nothing else.
#
# Usage: relval-worker-doctor [--quiet] [DIRECTORY]       --quiet: only what is wrong
#   DIRECTORY: where the worker is to work; default: $MESOS_SANDBOX, else the current directory
# Exit status: 0 they will (warnings do not count), 1 they will not

quiet='' failed=0
[[ $1 == --quiet ]] && quiet=1 && shift
directory=${1:-${MESOS_SANDBOX:-.}}
# MB below which no step is of use
readonly smallest_disk=1024

say() { # MARK WHAT TEXT
  [[ $quiet && $1 != - ]] || printf '%s %-18s %s\n' "$@"
}
good() { say + "$@"; }
odd() { [[ $quiet ]] || printf '%s %-18s %s\n' '!' "$@"; }
bad() {
  say - "$@"
  failed=1
}

# glibc before 2.14 calls into the vsyscall page. Where it is missing such a program dies with SIGSEGV at start, this
# one included: hence it is also looked for from outside, by `relval doctor --image`.
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
libc=${libc#glibc }
if grep -q '\[vsyscall\]' /proc/self/maps; then
  good vsyscall 'this kernel has the page'
elif [[ $libc =~ ^2\.([0-9]+) && ${BASH_REMATCH[1]} -lt 14 ]]; then
  bad vsyscall "missing, and glibc $libc needs it: boot the host with vsyscall=emulate"
else
  odd vsyscall "missing: programs of SLC6 would die with SIGSEGV; glibc ${libc:-of this image} does not need it"
fi

if ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 1))); then
  good bash "$BASH_VERSION"
else
  bad bash "$BASH_VERSION: steps need 4.1 or later"
fi

missing=()
for tool in awk cat comm cp cut date df find grep head ln install ls mkdir mv nice rm sed seq sleep sort stat tail timeout touch tr wc xargs; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]})); then bad tools "missing: ${missing[*]}"; else good tools 'all that every step uses'; fi
missing=()
for tool in zip unzip tar gzip bzip2; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]})); then bad archives "missing: ${missing[*]}"; else good archives 'zip, unzip, tar, gzip, bzip2'; fi
command -v xrdcp >/dev/null || odd xrdcp 'missing: root:// files need it, from this image or from the packages of the payload'

if version=$(work_queue_worker --version 2>/dev/null); then
  good cctools "${version%%$'\n'*}"
elif command -v work_queue_worker >/dev/null; then
  bad cctools 'work_queue_worker is there and does not run: was it compiled for this image?'
else
  bad cctools "no work_queue_worker in $PATH"
fi

if [[ -d /cvmfs ]] && ls /cvmfs/* >/dev/null 2>&1; then
  good /cvmfs "$(echo /cvmfs/*)"
elif [[ -d /cvmfs ]]; then
  odd /cvmfs 'nothing there: mount it (--volume /cvmfs:/cvmfs:RO) if packages are to be loaded'
else
  odd /cvmfs 'no such directory'
fi

user=$(id -u)
if ((user == 0)); then odd user 'root: payloads had better run as somebody else'; else good user "$user:$(id -g)"; fi

if ! probe=$(mktemp "$directory/doctor.XXXXXX" 2>/dev/null); then
  bad directory "user $user cannot write to $directory"
else
  rm -f -- "$probe"
  free=$(df -Pm -- "$directory" | awk 'NR == 2 { print $4 }')
  if [[ $free =~ ^[0-9]+$ ]] && ((free < smallest_disk)); then
    bad disk "$free MB free in $directory: too little for any step"
  else
    good disk "$free MB free in $directory"
  fi
fi

exit "$failed"
