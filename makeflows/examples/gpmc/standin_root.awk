# Writes a ROOT file, see README.md: histograms in directories, and the records themselves, so that stand-ins can read them.
#
# Input: standin_root_classes.txt, then records. Variables: name, that of the file; directory, in which its histograms
# are (default: none). Output: the file's bytes, a record of it on each line, each byte as \0 and three octal digits, for
# `printf %b` (not every awk can write a zero byte).
#
# Records: `count NAME N`; `histogram NAME BINS LOW HIGH CONTENT...`; `histogram2 NAME XBINS LOW HIGH YBINS LOW HIGH
# CONTENT...`; `profile NAME BINS LOW HIGH N SUM SQUARES N SUM SQUARES...`; `title NAME TITLE OF THE X AXIS`. All counts
# but sums together are the histogram `counts`, with labels. Other records make no object.

# Bytes are kept as text: five characters each.
function bytes(s) { return length(s) / 5 }
function byte(n) { return octal[n] }
function u2(n) { return octal[int(n / 256) % 256] octal[n % 256] }
function u4(n) {
  if (n < 0) n += 4294967296
  return octal[int(n / 16777216) % 256] octal[int(n / 65536) % 256] octal[int(n / 256) % 256] octal[n % 256]
}

function text(s,   i, out) {
  out = length(s) < 255 ? byte(length(s)) : byte(255) u4(length(s))
  for (i = 1; i <= length(s); i++) out = out code[substr(s, i, 1)]
  return out
}

# Sets sign, exponent and fraction (below 1) of a number that is not 0.
function split_number(x) {
  sign = x < 0
  if (sign) x = -x
  exponent = 0
  while (x >= 2) { x /= 2; exponent++ }
  while (x < 1) { x *= 2; exponent-- }
  fraction = x - 1
}

function float(x,   mantissa) {
  if (x == 0) return u4(0)
  split_number(x)
  mantissa = int(fraction * 8388608 + 0.5)
  return u4(sign * 2147483648 + (exponent + 127) * 8388608 + mantissa)
}

function double(x,   high) {
  if (x == 0) return u4(0) u4(0)
  split_number(x)
  high = int(fraction * 1048576)
  return u4(sign * 2147483648 + (exponent + 1023) * 1048576 + high) u4((fraction * 1048576 - high) * 4294967296)
}

# A version and data, with their length before them.
function framed(version, data) { return u4(1073741824 + 2 + bytes(data)) u2(version) data }
function object(id) { return u2(1) u4(id) u4(50331648) }
function named(n, title) { return framed(1, object(0) text(n) text(title)) }

# An object behind a pointer: the name of its class, ended by a zero byte, comes first.
function pointed(class, data,   head, i) {
  head = u4(4294967295)
  for (i = 1; i <= length(class); i++) head = head code[substr(class, i, 1)]
  head = head byte(0) data
  return u4(1073741824 + bytes(head)) head
}

function axis(n, title, bins, low, high, labels,   looks) {
  looks = framed(4, u4(510) u2(1) u2(1) u2(42) float(0.005) float(0.035) float(0.03) float(1) float(0.035) u2(1) u2(42))
  return framed(10, named(n, title) looks u4(bins) double(low) double(high) u4(0) u4(0) u4(0) u2(0) byte(0) text("") (labels == "" ? u4(0) : labels) u4(0))
}

# TH1: what all histograms have; sums of weights are those of numbers of entries.
function base(n, title, cells, axes, entries, sum_x, sum_x2, errors) {
  return framed(8, named(n, title) framed(2, u2(602) u2(1) u2(1)) framed(2, u2(0) u2(1001)) framed(2, u2(1) u2(1) float(1)) u4(cells) axes u2(0) u2(1000) double(entries) double(entries) double(entries) double(sum_x) double(sum_x2) double(-1111) double(-1111) double(0) u4(0) errors text("") framed(5, object(0) text("") u4(0)) u4(0) byte(0) u4(0) u4(2))
}

function title_of(n) { return n in axis_title ? axis_title[n] : n }

# Of what stands in value[]: of a `histogram`, or of the counts, which have labels.
function histogram1(n, bins, low, high, labels,   i, x, data, sum, sum_x, sum_x2) {
  data = float(0)
  for (i = 1; i <= bins; i++) {
    x = low + (i - 0.5) * (high - low) / bins
    data = data float(value[i])
    sum += value[i]; sum_x += value[i] * x; sum_x2 += value[i] * x * x
  }
  return framed(3, base(n, title_of(n), bins + 2, axis("xaxis", title_of(n), bins, low, high, labels) axis("yaxis", "", 1, 0, 1) axis("zaxis", "", 1, 0, 1), sum, sum_x, sum_x2, u4(0)) u4(bins + 2) data float(0))
}

function histogram2(n,   nx, ny, i, j, x, y, row, data, sum, sum_x, sum_x2, sum_y, sum_y2, sum_xy, w) {
  nx = $3; ny = $6
  for (i = 0; i < nx + 2; i++) data = data float(0)
  row = data
  for (y = 1; y <= ny; y++) {
    data = data float(0)
    for (x = 1; x <= nx; x++) {
      w = $(8 + x + nx * (y - 1))
      data = data float(w)
      i = $4 + (x - 0.5) * ($5 - $4) / nx; j = $7 + (y - 0.5) * ($8 - $7) / ny
      sum += w; sum_x += w * i; sum_x2 += w * i * i; sum_y += w * j; sum_y2 += w * j * j; sum_xy += w * i * j
    }
    data = data float(0)
  }
  return framed(4, framed(5, base(n, title_of(n), (nx + 2) * (ny + 2), axis("xaxis", title_of(n), nx, $4, $5) axis("yaxis", "", ny, $7, $8) axis("zaxis", "", 1, 0, 1), sum, sum_x, sum_x2, u4(0)) double(1) double(sum_y) double(sum_y2) double(sum_xy)) u4((nx + 2) * (ny + 2)) data row)
}

function profile(n,   bins, i, x, entries, sums, squares, all, all_x, all_x2, all_y, all_y2) {
  bins = $3
  for (i = 1; i <= bins; i++) {
    x = $4 + (i - 0.5) * ($5 - $4) / bins
    entries = entries double($(3 + 3 * i)); sums = sums double($(4 + 3 * i)); squares = squares double($(5 + 3 * i))
    all += $(3 + 3 * i); all_x += $(3 + 3 * i) * x; all_x2 += $(3 + 3 * i) * x * x; all_y += $(4 + 3 * i); all_y2 += $(5 + 3 * i)
  }
  entries = u4(bins + 2) double(0) entries double(0); sums = u4(bins + 2) double(0) sums double(0)
  squares = u4(bins + 2) double(0) squares double(0)
  return framed(7, framed(3, base(n, title_of(n), bins + 2, axis("xaxis", title_of(n), bins, $4, $5) axis("yaxis", "", 1, 0, 1) axis("zaxis", "", 1, 0, 1), all, all_x, all_x2, squares) sums) entries u4(0) double(0) double(0) double(all_y) double(all_y2) u4(0))
}

# The head of a record, and in the lists of directories: sizes, where it is and in which directory, class, name, title.
function key(class, n, title, size, where, parent,   names) {
  names = text(class) text(n) text(title)
  return u4(26 + bytes(names) + size) u2(4) u4(size) u4(1711276032) u2(26 + bytes(names)) u2(1) u4(where) u4(parent) names
}

# Appends a record to the file; returns its key.
function add(class, n, title, data, parent,   head) {
  head = key(class, n, title, bytes(data), at, parent)
  out[++records] = head data
  at += bytes(head data)
  return head
}

# A directory's record: the place of its keys is not known before they are written.
function directory_record(keys_size, name_size, where, parent, keys_at) {
  return u2(5) u4(1711276032) u4(1711276032) u4(keys_size) u4(name_size) u4(where) u4(parent) u4(keys_at) u2(1) zeros(28)
}
function zeros(n,   s) { while (n-- > 0) s = s byte(0); return s }

# Keeps an object until its directory is complete.
function keep(dir, n, class, data) {
  member_class[dir, ++members[dir]] = class
  member_name[dir, members[dir]] = n
  member_data[dir, members[dir]] = data
}

# Writes the objects of a directory, and the list of their keys, before which those of `more` others stand; sets keys_at
# and keys_size.
function write_members(dir, class, n, where, list, more,   i) {
  for (i = 1; i <= members[dir]; i++) list = list add(member_class[dir, i], member_name[dir, i], "", member_data[dir, i], where)
  keys_at = at
  add(class, n, "", u4(members[dir] + more) list, where)
  keys_size = at - keys_at
}

function class_descriptions(   i, list, j, elements) {
  for (i = 1; i <= nclasses; i++) {
    elements = ""
    for (j = 1; j <= nelements[i]; j++) elements = elements element[i, j]
    elements = pointed("TObjArray", framed(3, object(0) text("") u4(nelements[i]) u4(0) elements))
    list = list pointed("TStreamerInfo", framed(9, named(class_name[i], "") u4(checksum[i]) u4(version[i]) elements)) byte(0)
  }
  return framed(5, object(0) text("") u4(nclasses) list)
}

function describe(   kind, common, extra, sizes, typename, comment) {
  kind = $1
  if (kind == "Base") {
    sizes = u4(0) u4(0) u4(0) u4(0) u4($5) u4(0) u4(0) u4(0)
    return pointed("TStreamerBase", framed(3, framed(4, named($2, "") u4($3) sizes text("BASE")) u4($4)))
  }
  typename = $5
  gsub(/_/, " ", typename)
  comment = $6
  sizes = u4($4) zeros(28)
  common = framed(4, named($2, comment) u4($3) sizes text(typename))
  if (kind == "BasicPointer") {
    gsub(/[][]/, "", comment)
    extra = u4(version[nclasses]) text(comment) text(class_name[nclasses])
  }
  return pointed("TStreamer" kind, framed(2, common extra))
}

BEGIN {
  for (i = 0; i < 256; i++) {
    octal[i] = sprintf("\\0%03o", i)
    if (i > 0) code[sprintf("%c", i)] = octal[i]
  }
  at = 100
}

/^[ \t]*(#|$)/ && FNR == NR { next }
FNR == NR && $1 == "class" { class_name[++nclasses] = $2; version[nclasses] = $3; checksum[nclasses] = $4; next }
FNR == NR { element[nclasses, ++nelements[nclasses]] = describe(); next }

{ lines = lines $0 "\n" }
$1 == "title" {
  n = $2
  sub(/^title [^ ]+ /, "")
  axis_title[n] = $0
}
$1 == "count" && $2 !~ /^sum_/ { count_name[++ncounts] = $2; count[ncounts] = $3 }
$1 == "histogram" {
  for (i = 1; i <= $3; i++) value[i] = $(5 + i)
  keep(directory, $2, "TH1F", histogram1($2, $3, $4, $5))
}
$1 == "histogram2" { keep(directory, $2, "TH2F", histogram2($2)) }
$1 == "profile" { keep(directory, $2, "TProfile", profile($2)) }

END {
  if (ncounts) {
    for (i = 1; i <= ncounts; i++) {
      value[i] = count[i]
      labels = labels pointed("TObjString", framed(1, object(i) text(count_name[i]))) byte(0)
    }
    labels = pointed("THashList", framed(5, object(0) text("") u4(ncounts) labels))
    keep("", "counts", "TH1F", histogram1("counts", ncounts, 0, ncounts, labels))
  }
  keep("", "records", "TObjString", framed(1, object(0) text("\n" lines)))

  # The record of the file itself comes first, and says where the keys are, so it is made again at the end.
  head = text(name) text("")
  root_key = key("TFile", name, "", bytes(head) + 60, 100, 0)
  name_size = bytes(root_key head)
  at += name_size + 60
  records = 1
  if (directory != "") {
    where = at
    place = ++records
    dir_key = key("TDirectoryFile", directory, "", 60, where, 100)
    at += bytes(dir_key) + 60
    write_members(directory, "TDirectoryFile", directory, where, "", 0)
    out[place] = dir_key directory_record(keys_size, bytes(dir_key), where, 100, keys_at)
  }
  write_members("", "TFile", name, 100, dir_key, directory != "")
  out[1] = root_key head directory_record(keys_size, name_size, 100, 0, keys_at)
  streamers = at
  add("TList", "StreamerInfo", "Doubly linked list", class_descriptions(), 100)
  streamers_size = at - streamers
  free = at
  add("TFile", name, "", u2(1) u4(at + 10 + bytes(key("TFile", name, "", 10, at, 100))) u4(2000000000), 100)
  # Version of ROOT whose classes are described, first record, end, free space, units of positions, no compression.
  printf "%s%s%s", "\\0162\\0157\\0157\\0164", u4(62400) u4(100) u4(at) u4(free) u4(at - free) u4(1) u4(name_size), byte(4) u4(0)
  print u4(streamers) u4(streamers_size) u2(1) zeros(16 + 37)
  for (i = 1; i <= records; i++) print out[i]
}
