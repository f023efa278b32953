# Stand-in for a reconstruction with quality assurance, see README.md.
#
# Input: conditions.txt, galice.root, Kinematics.root as standin_simulate.awk wrote them. Variables: run, uid, seed,
# log_file, shift (by which share all transverse momenta are too large). Loses and smears particles as the conditions say, and writes AliESDs.root, AliAOD.root,
# FilterEvents_Trees.root, histograms and counts in AODQA.root, PtResHistograms.root, QAresults.root and event_stat.root,
# and efficiency and mean transverse momentum in trending.root. Records are those of standin_simulate.awk and
# standin_root.awk, which makes ROOT files of those with histograms.

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

# The records of what becomes a ROOT file.
function open_records(file) {
  print "# Stand-in: records of standin_reconstruct.awk" > file
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

# Two dimensions, and the spread of a value over the bins of another: only what is in range counts.
function fill2(name, x, y, xname, yname) {
  x = int((x - low[xname]) / (high[xname] - low[xname]) * bins[xname])
  y = int((y - low[yname]) / (high[yname] - low[yname]) * bins[yname])
  if (x >= 0 && y >= 0 && x < bins[xname] && y < bins[yname]) content[name, x, y]++
}

function fill_profile(name, x, value, xname) {
  x = int((x - low[xname]) / (high[xname] - low[xname]) * bins[xname])
  if (x < 0 || x >= bins[xname]) return
  content[name, x]++
  total[name, x] += value
  squares[name, x] += value * value
}

function write2(name, file, xname, yname,   x, y) {
  printf "histogram2 %s %d %g %g %d %g %g", name, bins[xname], low[xname], high[xname], bins[yname], low[yname], high[yname] > file
  for (y = 0; y < bins[yname]; y++) for (x = 0; x < bins[xname]; x++) printf " %d", content[name, x, y] > file
  print "" > file
}

function write_profile(name, file, xname,   x) {
  printf "profile %s %d %g %g", name, bins[xname], low[xname], high[xname] > file
  for (x = 0; x < bins[xname]; x++) printf " %d %.9f %.9f", content[name, x], total[name, x], squares[name, x] > file
  print "" > file
}

function write(name, file,   bin) {
  if (name in title) print "title", name, title[name] > file
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
  title["pt"] = "p_{T} (GeV/c)"; title["eta"] = "#eta"; title["phi"] = "#varphi (rad)"; title["vertex_z"] = "z (cm)"
  title["multiplicity"] = "tracks"; title["pt_resolution"] = "p_{T} / p_{T}^{MC} - 1"
  open("AliESDs.root"); open("AliAOD.root"); open("FilterEvents_Trees.root"); open("trending.root")
  open_records("AODQA.root"); open_records("PtResHistograms.root"); open_records("QAresults.root")
  open_records("event_stat.root")
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
  pt = $6 * (1 + shift + condition["pt_resolution"] * gauss())
  charge = $5 > 0 ? 1 : -1
  printf "entry track %d %.4f %.4f %.4f %d\n", event, pt, $7, $8, charge > "AliESDs.root"
  if (pt > 0.15) printf "entry track %d %.3f %.3f %.3f %d\n", event, pt, $7, $8, charge > "AliAOD.root"
  if (pt > 1) printf "entry highpt %d %d %.4f %.4f %.4f\n", uid, event, pt, $7, $8 > "FilterEvents_Trees.root"
  fill("pt", pt); fill("eta", $7); fill("phi", $8)
  fill2("pt_eta", pt, $7, "pt", "eta")
  if ($6 > 0) {
    fill("pt_resolution", pt / $6 - 1)
    fill_profile("pt_bias", $7, pt / $6 - 1, "eta")
  }
  sum_pt += pt
}

END {
  finish_event()
  write("pt", "QAresults.root"); write("eta", "QAresults.root"); write("phi", "QAresults.root")
  write("multiplicity", "QAresults.root"); write("vertex_z", "QAresults.root"); write("pt_resolution", "QAresults.root")
  write2("pt_eta", "QAresults.root", "pt", "eta"); write_profile("pt_bias", "QAresults.root", "eta")
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
