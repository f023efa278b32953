# Stand-in for a detector simulation, see README.md: makes collisions from a seed.
#
# Input: conditions.txt, then a trigger menu. Variables: run, uid, nevents, generator, seed, seconds (time to take at
# least), log_file. Writes galice.root, Kinematics.root, Trigger.root, pyxsec.root, pyxsec_hists.root and the log.
#
# Records: `count NAME N`, `histogram NAME BINS LOW HIGH CONTENT...`, `entry TREE FIELDS...`.

# Uniform in (0, 1), the same on every awk: the minimal standard generator of Park and Miller, exact in a double.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}

function gauss(   u) {
  u = uniform()
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * uniform())
}

# Ends the program, and keeps END from writing anything.
function fatal(message) {
  print "F-Simulation: " message > log_file
  print "F-Simulation: " message
  failed = 1
  exit 1
}

function open(file) {
  print "# Stand-in for a ROOT file: plain text, written by standin_simulate.awk" > file
}

/^[ \t]*(#|$)/ { next }
FNR == NR { condition[$1] = $2; next }
$1 == "input" { efficiency[$2] = $4; next }
$1 == "class" {
  if (NF < 3) fatal(FILENAME ":" FNR ": class " $2 " needs an input")
  classes[++nclasses] = $2
  inputs[$2] = $3
  for (i = 4; i <= NF; i++) inputs[$2] = inputs[$2] " " $i
  for (i = 3; i <= NF; i++) if (!($i in efficiency)) fatal(FILENAME ":" FNR ": input " $i " is not defined above")
  next
}
{ fatal(FILENAME ":" FNR ": neither input nor class: " $0) }

END {
  if (failed) exit 1
  if (condition["run"] != run) fatal("conditions are those of run " condition["run"] ", not " run)
  if (condition["energy"] + 0 <= 0) fatal("conditions without energy")
  if (!nclasses) fatal("the trigger menu has no class")
  # Mean number of charged particles at |eta| < 1, and the transverse scale in GeV.
  if (generator ~ /^Pythia8/) { multiplicity = 2.1 * (condition["energy"] / 900) ^ 0.66; scale = 0.30 }
  else if (generator ~ /^Hijing/) { multiplicity = 80; scale = 0.34 }
  else fatal("unknown generator " generator " (known: Pythia8*, Hijing*)")

  state = (seed * 7919 + 1) % 2147483646 + 1
  for (i = 0; i < 10; i++) uniform()
  open("galice.root"); open("Kinematics.root"); open("Trigger.root"); open("pyxsec.root"); open("pyxsec_hists.root")
  print "I-AliSimulation::Init: " generator ", sqrt(s) = " condition["energy"] " GeV, run " run ", seed " seed > log_file
  print "I-AliSimulation::Init: " nclasses " trigger classes" > log_file
  batch = int((nevents + 9) / 10)

  for (event = 1; event <= nevents; event++) {
    vertex = condition["vertex_sigma_z"] * gauss()
    tracks = 1 + int(-multiplicity * log(uniform()))
    for (track = 1; track <= tracks; track++) {
      # A power law in pt, as hard collisions give: exponent 6.5.
      pt = 6.5 * scale * (uniform() ^ (-1 / 5.5) - 1)
      eta = 2 * uniform() - 1
      phi = 6.283185307179586 * uniform()
      kind = uniform()
      pdg = kind < 0.82 ? 211 : kind < 0.94 ? 321 : 2212
      if (uniform() < 0.5) pdg = -pdg
      printf "entry track %d %d %d %.4f %.4f %.4f\n", event, track, pdg, pt, eta, phi > "Kinematics.root"
    }
    printf "entry event %d %.3f %d\n", event, vertex, tracks > "galice.root"
    for (name in fired) delete fired[name]
    for (i = 1; i <= nclasses; i++) {
      n = split(inputs[classes[i]], needed, " ")
      all = 1
      for (j = 1; j <= n; j++) {
        if (!(needed[j] in fired)) fired[needed[j]] = uniform() < efficiency[needed[j]]
        all = all && fired[needed[j]]
      }
      triggered[classes[i]] += all
    }
    total += tracks
    bin = tracks < 100 ? int(tracks / 5) : 19
    spectrum[bin]++
    printf "I-AliSimulation::RunSimulation: event %d, vertex z = %.3f cm, %d charged particles\n", event, vertex, tracks > log_file
    if (event % batch == 0 || event == nevents) {
      printf "* sim: event %d of %d\n", event, nevents
      fflush()
      fflush(log_file)
      pause = seconds * (event - paused) / nevents
      paused = event
      if (pause > 0) system("sleep " pause)
    }
  }

  for (i = 1; i <= nclasses; i++) print "count " classes[i], triggered[classes[i]] + 0 > "Trigger.root"
  print "count trials " nevents > "pyxsec.root"
  printf "histogram multiplicity 20 0 100" > "pyxsec_hists.root"
  for (i = 0; i < 20; i++) printf " %d", spectrum[i] > "pyxsec_hists.root"
  print "" > "pyxsec_hists.root"
  printf "I-AliSimulation::Run: %d events, %d charged particles\n", nevents, total > log_file
}
