/**
 * The time in ms since 1970, by a clock that never jumps: the time at which this process started, and the time that has
 * passed since then. Durations, limits and ages of one process are right also when the machine's clock is set meanwhile.
 * The machine's own clock (`Date.now()`) is right for what is compared with a calendar or with other machines.
 * A machine that sleeps does not count the time of its sleep.
 */
export function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now());
}
