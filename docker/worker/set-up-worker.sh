#!/bin/bash
# Makes of a base image one that workers run in: tools, the user, mount points. Runs while the image is built.
set -eu
here=$(dirname "$0")

bash "$here/provide.sh" bash=bash awk=gawk grep=grep find=findutils sed=sed tar=tar gzip=gzip bzip2=bzip2 zip=zip unzip=unzip \
  stat=coreutils timeout=coreutils setsid=util-linux ps=procps work_queue_worker="${CCTOOLS_PACKAGE-}"
install -m 755 "$here/relval-worker-doctor.sh" /usr/local/bin/relval-worker-doctor

# Without useradd, which small images do not have.
grep -q "^[^:]*:[^:]*:$WORKER_UID:" /etc/group || echo "worker:x:$WORKER_UID:" >>/etc/group
grep -q "^[^:]*:[^:]*:$WORKER_UID:" /etc/passwd ||
  echo "worker:x:$WORKER_UID:$WORKER_UID:Work Queue worker:/home/worker:/bin/bash" >>/etc/passwd
mkdir -p /home/worker /cvmfs /secrets
chown "$WORKER_UID:$WORKER_UID" /home/worker
chmod 700 /home/worker
rm -rf "$here"
