# Stand-in for a reconstruction pass over one file of raw data, see README.md.
#
# Input: conditions.txt (`NAME VALUE`), the calibration so far (`MeanVertex Z`, `SpaceCharge FROM TO A`), and last the raw
# data (records of standin_raw.awk). Variables: pass (cpass0, cpass1 or ppass), run, chunk, nevents (0: all), log_file.
#
# Takes from every track's deviation what the maps of space charge say, counts and fills histograms, and writes the
# files that such a pass writes. Records are `count NAME N`, `histogram NAME BINS LOW HIGH CONTENT...` and
# `entry TREE FIELDS...`, which ../gpmc/standin_merge.awk adds up and ../gpmc/standin_root.awk makes ROOT files of.

function open(file) {
  print "# Stand-in for a ROOT file: plain text, written by standin_pass.awk" > file
}

# The records of what becomes a ROOT file.
function open_records(file) {
  print "# Stand-in: records of standin_pass.awk" > file
}

function book(name, n, from, to) {
  bins[name] = n
  low[name] = from
  high[name] = to
}

# What is out of range counts in the first or last bin, so that contents add up to entries.
function fill(name, x,   bin) {
  bin = int((x - low[name]) / (high[name] - low[name]) * bins[name])
  if (x < low[name]) bin = 0
  if (bin >= bins[name]) bin = bins[name] - 1
  content[name, bin]++
}

function write(name, file,   bin) {
  printf "histogram %s %d %g %g", name, bins[name], low[name], high[name] > file
  for (bin = 0; bin < bins[name]; bin++) printf " %d", content[name, bin] > file
  print "" > file
}

# What a correction of the maps takes away, in cm; without maps nothing.
function correction(time, phi,   i) {
  for (i = 1; i <= maps; i++) if (time >= from[i] && time < to[i]) return amplitude[i] * cos(phi)
  uncorrected++
  return 0
}

function statistics(file) {
  print "count events " events + 0 > file
  print "count reconstructed_tracks " tracks + 0 > file
}

function quality(file) {
  statistics(file)
  printf "count sum_pt_MeV %d\n", 1000 * sum_pt > file
  printf "count sum_deviation_um %d\n", sum_deviation > file
  write("pt", file); write("phi", file); write("vertex_z", file); write("deviation", file)
}

BEGIN {
  book("pt", 40, 0, 4); book("phi", 18, 0, 6.28319); book("vertex_z", 30, -30, 30); book("deviation", 40, -2, 2)
  calibration = pass != "ppass"
  esd = pass == "cpass1" ? "AliESDs_Barrel.root" : "AliESDs.root"
  tag = "Run" run "_" chunk ".ESD.tag.root"
  open(tag)
  if (calibration) { open("CalibObjects.root"); open("ResidualTrees.root") }
  if (pass != "cpass0") { open(esd); open("FilterEvents_Trees.root") }
  if (pass == "cpass1") { open("TOFcalibTree.root"); open_records("QAresults_barrel.root"); open_records("QAresults_outer.root") }
  if (pass == "ppass") { open("AliAOD.root"); open_records("QAresults.root"); open_records("event_stat.root"); open("trending.root") }
}

/^[ \t]*(#|$)/ { next }
$1 == "MeanVertex" { mean_vertex = $2; next }
$1 == "SpaceCharge" { from[++maps] = $2; to[maps] = $3; amplitude[maps] = $4; next }
$1 != "entry" { condition[$1] = $2; next }
nevents > 0 && $3 > nevents { next }
$2 == "event" {
  time = $4
  events++
  sum_vertex += $5
  fill("vertex_z", $5 - mean_vertex)
  print "entry tag", run, chunk, $3, time > tag
  printf "I-AliReconstruction::ProcessEvent: event %d at %.1f s\n", $3, time > log_file
  next
}
$2 == "track" {
  tracks++
  deviation = $7 - correction(time, $6)
  sum_deviation += 10000 * (deviation < 0 ? -deviation : deviation)
  sum_pt += $4
  fill("pt", $4); fill("phi", $6); fill("deviation", deviation)
  if (calibration) printf "entry residual %.1f %.3f %.4f\n", time, $6, deviation > "ResidualTrees.root"
  if (pass == "cpass0") next
  printf "entry track %d %.3f %.3f %.3f %.4f\n", $3, $4, $5, $6, deviation > esd
  if ($4 > 0.5) printf "entry highpt %d %d %.3f %.3f %.3f\n", chunk, $3, $4, $5, $6 > "FilterEvents_Trees.root"
  if (pass == "cpass1") printf "entry tof %d %.3f %.3f\n", $3, $4, $6 > "TOFcalibTree.root"
  else if ($4 > 0.15) printf "entry track %d %.3f %.3f %.3f\n", $3, $4, $5, $6 > "AliAOD.root"
}

END {
  if (calibration) {
    statistics("CalibObjects.root")
    printf "count sum_vertex_um %d\n", 10000 * sum_vertex > "CalibObjects.root"
    printf "count sum_deviation_um %d\n", sum_deviation > "CalibObjects.root"
    write("vertex_z", "CalibObjects.root"); write("deviation", "CalibObjects.root")
  }
  if (pass == "cpass1") { quality("QAresults_barrel.root"); quality("QAresults_outer.root") }
  if (pass == "ppass") {
    quality("QAresults.root")
    statistics("event_stat.root")
    if (tracks) printf "entry trend %d %d %.1f\n", run, chunk, sum_deviation / tracks > "trending.root"
  }
  mean = tracks ? sum_deviation / tracks : 0
  printf "I-AliReconstruction::Terminate: run %d, energy %s GeV, %d events, %d tracks, %d without a map, mean deviation %d um\n", run, condition["energy"], events, tracks, uncorrected, mean > log_file
  if (!events) exit 1
}
