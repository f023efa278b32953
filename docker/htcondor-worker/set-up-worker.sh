#!/bin/bash
# Makes of a Debian image one that HTCondor workers run in: condor_startd and the user. Runs while the image is built.
set -eu
here=$(dirname "$0")

# HTCondor's package starts its service where it is installed. Workers are started by the framework.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
pairs=(condor_startd=htcondor condor_starter=htcondor unshare=util-linux mount=mount ps=procps curl=curl)
bash "$here/provide.sh" "${pairs[@]}" bzip2=bzip2 unzip=unzip zip=zip
rm /usr/sbin/policy-rc.d
install -m 755 "$here/htcondor-worker-doctor.sh" /usr/local/bin/htcondor-worker-doctor

grep -q "^[^:]*:[^:]*:$WORKER_UID:" /etc/group || echo "worker:x:$WORKER_UID:" >>/etc/group
grep -q "^[^:]*:[^:]*:$WORKER_UID:" /etc/passwd ||
  echo "worker:x:$WORKER_UID:$WORKER_UID:HTCondor worker:/home/worker:/bin/bash" >>/etc/passwd
mkdir -p /home/worker /cvmfs /secrets
chown "$WORKER_UID:$WORKER_UID" /home/worker
chmod 700 /home/worker
rm -rf "$here"
