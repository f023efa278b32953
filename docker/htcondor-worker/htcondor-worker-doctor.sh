#!/bin/bash
# Says whether HTCondor workers of the framework will run where this script runs, and what is wrong if not.
#
# Usage: htcondor-worker-doctor [DIRECTORY]
#   DIRECTORY: where the worker is to work; default: $MESOS_SANDBOX, else the current directory
# Exit status: 0 they will (warnings do not count), 1 they will not

failed=0
directory=${1:-${MESOS_SANDBOX:-.}}

good() { printf '+ %-12s %s\n' "$@"; }
odd() { printf '! %-12s %s\n' "$@"; }
bad() {
  printf -- '- %-12s %s\n' "$@"
  failed=1
}

if version=$(condor_startd -v 2>/dev/null); then
  good startd "${version%%$'\n'*}"
else
  bad startd "no condor_startd in $PATH that runs"
fi
missing=()
for file in /usr/sbin/condor_starter /usr/sbin/condor_procd /usr/libexec/condor/curl_plugin; do
  [[ -x $file ]] || missing+=("$file")
done
for tool in cat env grep ln mkdir mkfifo rm seq setsid sh sleep tail timeout; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]})); then bad programs "missing: ${missing[*]}"; else good programs 'all that a worker uses'; fi

user=$(id -u)
if ((user == 0)); then
  bad user 'root: HTCondor workers run jobs as their own user, so give their pool a user that is not root'
else
  good user "$user:$(id -g)"
fi
if unshare --user --map-current-user --pid --mount-proc --fork --kill-child true 2>/dev/null; then
  good processes 'in a namespace of their own'
else
  odd processes 'no namespace of their own: processes that leave their job end only with the container'
fi

if probe=$(mktemp "$directory/doctor.XXXXXX" 2>/dev/null); then
  rm -f -- "$probe"
  good directory "$(df -Pm -- "$directory" | awk 'NR == 2 { print $4 }') MB free in $directory"
else
  bad directory "user $user cannot write to $directory"
fi
exit "$failed"
