#!/bin/bash
# Makes of a Node.js image one that runs validations and the framework. Runs while the image is built.
set -eu
here=$(dirname "$0")
bash "$here/provide.sh" node= makeflow=coop-computing-tools catalog_server=coop-computing-tools \
  work_queue_worker=coop-computing-tools zip=zip unzip=unzip bzip2=bzip2
grep -q '^[^:]*:[^:]*:1000:' /etc/group || echo 'relval:x:1000:' >>/etc/group
grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || echo 'relval:x:1000:1000:relval:/var/lib/relval:/bin/bash' >>/etc/passwd
mkdir -p /var/lib/relval/runs
chown -R 1000:1000 /var/lib/relval
rm -rf "$here"
