#!/bin/bash
# protobufjs 8.8.1 (8.8.1 is what this project's tests use as a reference): a singular field that holds a message may come in
# several parts on the wire, and a reader merges them (protobuf.dev, Encoding, "Last One Wins": for embedded messages the fields
# are merged). Writers that put encoded pieces behind one another make such bytes. protobufjs checks the required fields of
# proto2 at the end of each part, before it has read the next one: bytes whose parts together are complete are refused.
#
# Valid input: Call { optional Task task = 1; }, Task { required string id = 1; required string name = 3; }
#   in one part    0a 06 0a 01 61 1a 01 62
#   in two parts   0a 03 0a 01 61  0a 03 1a 01 62
# Expected, and what Google's own library (Python, protobuf 7.36.2) does with both: id "a", name "b".
# Seen: protobufjs reads the first, and throws "missing required 'name'" at the second.
#
# Needs node, npm, python3 with venv. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund protobufjs@8.8.1 >/dev/null 2>&1 || { echo 'cannot install protobufjs'; exit 2; }
{ python3 -m venv venv && venv/bin/pip -q install protobuf==7.36.2; } >/dev/null 2>&1 || { echo 'cannot install protobuf'; exit 2; }

cat >read.mjs <<'END'
import protobuf from 'protobufjs';
const { root } = protobuf.parse(`syntax = "proto2";
message Task { required string id = 1; required string name = 3; }
message Call { optional Task task = 1; }`);
const Call = root.lookupType('Call');
try {
  const { task } = Call.toObject(Call.decode(Buffer.from(process.argv[2], 'hex')));
  console.log(`${task.id} ${task.name}`);
} catch ({ message }) {
  console.log(message);
}
END
cat >read.py <<'END'
import sys
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
file = descriptor_pb2.FileDescriptorProto(name='call.proto', syntax='proto2')
task = file.message_type.add(name='Task')
for number, name in ((1, 'id'), (3, 'name')):
    task.field.add(name=name, number=number, label='LABEL_REQUIRED', type='TYPE_STRING')
file.message_type.add(name='Call').field.add(
    name='task', number=1, label='LABEL_OPTIONAL', type='TYPE_MESSAGE', type_name='.Task')
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
call = message_factory.GetMessageClass(pool.FindMessageTypeByName('Call'))()
call.ParseFromString(bytes.fromhex(sys.argv[1]))
assert call.IsInitialized()
print(call.task.id, call.task.name)
END
one=0a060a01611a0162 two=0a030a01610a031a0162
for bytes in "$one" "$two"; do
  echo "$bytes: protobufjs 8.8.1: $(node read.mjs "$bytes"); protobuf 7.36.2: $(venv/bin/python read.py "$bytes")"
done
[[ $(venv/bin/python read.py "$one") == 'a b' && $(venv/bin/python read.py "$two") == 'a b' && $(node read.mjs "$one") == 'a b' ]] || exit 2
[[ $(node read.mjs "$two") == "missing required 'name'" ]] || exit 1
