# Stand-in for ROOT's hadd, see README.md: merges stand-in files given as arguments, and prints the merged file.
#
# `count` records of one name are added up, `histogram` records of one name and binning too, bin by bin; `entry` records
# follow one another in the order of the files. Variable: writer, the name for the first line.

/^#/ { next }
$1 == "count" {
  if (!($2 in count)) counts[++ncounts] = $2
  count[$2] += $3
  next
}
$1 == "histogram" {
  binning = $3 " " $4 " " $5
  if (!($2 in axis)) {
    names[++nnames] = $2
    axis[$2] = binning
  }
  if (axis[$2] != binning) {
    print "E-Merge: " FILENAME ":" FNR ": histogram " $2 " is binned " binning ", before it was " axis[$2] > "/dev/stderr"
    failed = 1
    exit 1
  }
  for (i = 6; i <= NF; i++) content[$2, i] += $i
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
  print "# Stand-in for a ROOT file: plain text, merged by " writer
  for (i = 1; i <= ncounts; i++) print "count " counts[i], count[counts[i]]
  for (i = 1; i <= nnames; i++) {
    printf "histogram %s %s", names[i], axis[names[i]]
    for (j = 6; j <= last[names[i]]; j++) printf " %d", content[names[i], j]
    print ""
  }
  for (i = 1; i <= nentries; i++) print entry[i]
}
