#!/bin/bash
# jsroot 7.11.2: the quotes ' and " are taken out of the names of the keys of a ROOT file when it is read. So an object with
# the name p' (a momentum after a collision, say) cannot be read by its name, and when the file has p as well, the name p gives
# the object that was written first. The name in the file is kept in fRealName, which readObject() does not look at.
#
# Expected, as ROOT's TFile::Get does, which compares whole names: each of the two names gives its own object.
# Seen, in a file with a TObjString of the name p' and then one of the name p:
#   readObject("p'")   rejected: Key not found p'
#   readObject("p")    the object of p'
#
# Needs npm, tar and Node.js 20 or later. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=7.11.2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
# The part that reads files needs no other package.
npm pack --silent --ignore-scripts "jsroot@$VERSION" >/dev/null 2>&1 || { echo "cannot download jsroot $VERSION"; exit 2; }
tar -xzf "jsroot-$VERSION.tgz" || exit 2

cat >find.mjs <<'NODE'
import { openFile } from './package/modules/io.mjs';

const u8 = (n) => Buffer.from([n]);
const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
const text = (s) => Buffer.concat([u8(s.length), Buffer.from(s)]);
const join = (...parts) => Buffer.concat(parts);
const counted = (version, ...parts) => join(u32(0x40000000 + 2 + join(...parts).length), u16(version), ...parts);
const date = u32((31 << 26) | (1 << 22) | (1 << 17)); // 1 January 2026, 0:00:00
const uuid = join(u16(1), Buffer.alloc(16));
const object = join(u16(1), u32(0), u32(0x02000000));
const BEGIN = 100;
const NAME = 'two.root';

/** A key at `at` in the file, followed by its data. Nothing is compressed. */
function record(at, className, name, data, parent = BEGIN) {
  const names = join(text(className), text(name), text(''));
  const length = 26 + names.length;
  const key = join(u32(length + data.length), u16(4), u32(data.length), date, u16(length), u16(1), u32(at), u32(parent), names);
  return { key, bytes: join(key, data), end: at + length + data.length };
}

const fileName = join(text(NAME), text(''));
const nameLength = record(BEGIN, 'TFile', NAME, fileName, 0).key.length + fileName.length;
const directory = (keysLength, keysAt) =>
  join(fileName, u16(5), date, date, u32(keysLength), u32(nameLength), u32(BEGIN), u32(0), u32(keysAt), uuid);
const begin = (...where) => record(BEGIN, 'TFile', NAME, directory(...where), 0);
const primed = record(begin(0, 0).end, 'TObjString', "p'", counted(1, object, text('the object of p-prime')));
const plain = record(primed.end, 'TObjString', 'p', counted(1, object, text('the object of p')));
const keys = record(plain.end, 'TFile', NAME, join(u32(2), primed.key, plain.key));
const infos = record(keys.end, 'TList', 'StreamerInfo', counted(5, object, text(''), u32(0)));
const freeOf = (end) => record(infos.end, 'TFile', NAME, join(u16(1), u32(end), u32(2000000000)));
const END = freeOf(0).end;
const free = freeOf(END);
const head = join(Buffer.from('root'), u32(62400), u32(BEGIN), u32(END), u32(infos.end), u32(free.bytes.length), u32(1),
  u32(nameLength), u8(4), u32(0), u32(keys.end), u32(infos.bytes.length), uuid);
const first = begin(keys.bytes.length, plain.end);
const bytes = join(head, Buffer.alloc(BEGIN - head.length), ...[first, primed, plain, keys, infos, free].map((r) => r.bytes));

const file = await openFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
for (const key of file.fKeys.slice(0, 2)) console.log(`key ${key.fName}, in the file ${key.fRealName ?? key.fName}`);
for (const name of ["p'", 'p'])
  console.log(`${name}: ${await file.readObject(name).then((o) => o.fString, (e) => `rejected, ${e.message}`)}`);
NODE
timeout 60 node find.mjs >seen 2>&1 || { cat seen; exit 2; }
echo "jsroot $VERSION:"
cat seen
grep -qx "key p, in the file p'" seen && grep -q "^p': rejected" seen && grep -qx 'p: the object of p-prime' seen || exit 1
