# Made the raw data of this example, see README.md: events of one file of a run that takes 600 s.
#
#   awk -v chunk=21 -v events=15 -f standin_raw.awk >29000329001021.101.root
#
# Records: `entry event EVENT TIME VERTEX` (s since the start of the run, cm), and for each of its tracks
# `entry track EVENT PT ETA PHI DEVIATION` (GeV, rad, cm). Where space charge shifts a track's points by A cos(phi) the
# deviation from the true track is that; A changes with time, which is what the calibration has to find out.

# Uniform in (0, 1), the same on every awk: the minimal standard generator of Park and Miller, exact in a double.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}

function gauss(   u) {
  u = uniform()
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * uniform())
}

BEGIN {
  state = chunk * 7919 + 1
  for (i = 0; i < 10; i++) uniform()
  print "# Stand-in for a raw data file: plain text, written by standin_raw.awk"
  for (event = 1; event <= events; event++) {
    time = 600 * (event - uniform()) / events
    amplitude = time < 200 ? 0.6 : time < 400 ? 1.1 : -0.4
    tracks = 4 + int(6 * uniform())
    printf "entry event %d %.1f %.3f\n", event, time, 0.8 + 5.1 * gauss()
    for (track = 1; track <= tracks; track++) {
      pt = 1.95 * (uniform() ^ (-1 / 5.5) - 1)
      phi = 6.283185307179586 * uniform()
      printf "entry track %d %.3f %.3f %.3f %.3f\n", event, pt, 2 * uniform() - 1, phi, amplitude * cos(phi) + 0.1 * gauss()
    }
  }
}
