# Stand-in for ROOT's hadd, see README.md: merges stand-in files given as arguments, and prints the merged file.
#
# `count` records of one name are added up, and `histogram`, `histogram2` and `profile` records of one name and binning
# too, bin by bin; `entry` records follow one another in the order of the files. Variables: writer, the name for the first
# line; root, whether a ROOT file is to be made of it.

/^#/ { next }
$1 == "count" {
  if (!($2 in count)) counts[++ncounts] = $2
  count[$2] += $3
  next
}
$1 == "title" {
  if (!($2 in title)) title[$2] = $0
  next
}
$1 == "histogram" || $1 == "histogram2" || $1 == "profile" {
  first = $1 == "histogram2" ? 9 : 6
  binning = $3
  for (i = 4; i < first; i++) binning = binning " " $i
  if (!($2 in axis)) {
    names[++nnames] = $2
    kind[$2] = $1
    from[$2] = first
    axis[$2] = binning
  }
  if (axis[$2] != binning) {
    print "E-Merge: " FILENAME ":" FNR ": histogram " $2 " is binned " binning ", before it was " axis[$2] > "/dev/stderr"
    failed = 1
    exit 1
  }
  for (i = first; i <= NF; i++) content[$2, i] += $i
  last[$2] = NF
  next
}
$1 == "entry" { entry[++nentries] = $0; next }
{
  print "E-Merge: " FILENAME ":" FNR ": not a record of a stand-in file: " $0 > "/dev/stderr"
  failed = 1
  exit 1
}

END {
  if (failed) exit 1
  print (root && nnames + ncounts ? "# Stand-in: records merged by " : "# Stand-in for a ROOT file: plain text, merged by ") writer
  for (i = 1; i <= ncounts; i++) print "count " counts[i], count[counts[i]]
  for (i = 1; i <= nnames; i++) {
    if (names[i] in title) print title[names[i]]
    printf "%s %s %s", kind[names[i]], names[i], axis[names[i]]
    for (j = from[names[i]]; j <= last[names[i]]; j++) printf " %.12g", content[names[i], j]
    print ""
  }
  for (i = 1; i <= nentries; i++) print entry[i]
}
