# Stand-in for a reconstruction with quality assurance, see README.md.
#
# Input: conditions.txt, galice.root, Kinematics.root as standin_simulate.awk wrote them. Variables: run, uid, seed,
# log_file. Loses and smears particles as the conditions say, and writes AliESDs.root, AliAOD.root,
# FilterEvents_Trees.root, histograms and counts in AODQA.root, PtResHistograms.root, QAresults.root and event_stat.root,
# and efficiency and mean transverse momentum in trending.root. Records are those of standin_simulate.awk.

function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}

function gauss(   u) {
  u = uniform()
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * uniform())
}

function open(file) {
  print "# Stand-in for a ROOT file: plain text, written by standin_reconstruct.awk" > file
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

# Writes what is known of the event before the next one.
function finish_event() {
  if (event == "") return
  printf "entry header %d %.3f %d\n", event, vertex[event], found > "AliESDs.root"
  fill("multiplicity", found)
  fill("vertex_z", vertex[event])
  accepted += vertex[event] < 10 && vertex[event] > -10
  printf "I-AliReconstruction::ProcessEvent: event %d, %d tracks\n", event, found > log_file
}

BEGIN {
  state = (seed * 6101 + 3) % 2147483646 + 1
  for (i = 0; i < 10; i++) uniform()
  book("pt", 40, 0, 4); book("eta", 20, -1, 1); book("phi", 18, 0, 6.28319)
  book("multiplicity", 20, 0, 100); book("vertex_z", 30, -30, 30); book("pt_resolution", 20, -0.1, 0.1)
  open("AliESDs.root"); open("AliAOD.root"); open("FilterEvents_Trees.root"); open("AODQA.root")
  open("PtResHistograms.root"); open("QAresults.root"); open("event_stat.root"); open("trending.root")
}

/^[ \t]*(#|$)/ { next }
FNR == NR { condition[$1] = $2; next }
$2 == "event" { vertex[$3] = $4; events++; next }
$2 == "track" {
  if (!started++) {
    printf "I-AliReconstruction::Begin: run %d, %d events, tracking efficiency %s\n", run, events, condition["tracking_efficiency"] > log_file
  }
  if ($3 != event) {
    finish_event()
    event = $3
    found = 0
  }
  simulated++
  if (uniform() > condition["tracking_efficiency"]) next
  found++
  reconstructed++
  pt = $6 * (1 + condition["pt_resolution"] * gauss())
  charge = $5 > 0 ? 1 : -1
  printf "entry track %d %.4f %.4f %.4f %d\n", event, pt, $7, $8, charge > "AliESDs.root"
  if (pt > 0.15) printf "entry track %d %.3f %.3f %.3f %d\n", event, pt, $7, $8, charge > "AliAOD.root"
  if (pt > 1) printf "entry highpt %d %d %.4f %.4f %.4f\n", uid, event, pt, $7, $8 > "FilterEvents_Trees.root"
  fill("pt", pt); fill("eta", $7); fill("phi", $8)
  if ($6 > 0) fill("pt_resolution", pt / $6 - 1)
  sum_pt += pt
}

END {
  finish_event()
  write("pt", "QAresults.root"); write("eta", "QAresults.root"); write("phi", "QAresults.root")
  write("multiplicity", "QAresults.root"); write("vertex_z", "QAresults.root")
  write("pt", "AODQA.root"); write("pt_resolution", "PtResHistograms.root")
  print "count events " events + 0 > "event_stat.root"
  print "count vertex_accepted " accepted + 0 > "event_stat.root"
  print "count simulated_tracks " simulated + 0 > "QAresults.root"
  print "count reconstructed_tracks " reconstructed + 0 > "QAresults.root"
  printf "count sum_pt_MeV %d\n", 1000 * sum_pt > "QAresults.root"
  if (reconstructed > 0) {
    printf "entry trend %d %d %.4f %.4f\n", run, uid, reconstructed / simulated, sum_pt / reconstructed > "trending.root"
  }
  printf "I-AliReconstruction::Terminate: %d of %d charged particles reconstructed\n", reconstructed, simulated > log_file
}
