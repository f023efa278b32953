const TINY = 1e-300;
const PRECISION = 1e-15;
const MOST_STEPS = 100_000;

/** Coefficients of Lanczos' approximation for g = 607/128 (P. Godfrey), good to 15 digits. */
const LANCZOS = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202,
  3.399464998481189e-5, 4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125, -0.00021026444172410488,
  0.00021743961811521265, -0.0001643181065367639, 8.441822398385275e-5, -2.6190838401581408e-5, 3.6899182659531625e-6,
];

/** ln Γ(x), x > 0. */
export function logGamma(x: number): number {
  let sum = LANCZOS[0] as number;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (x + i);
  const t = x + 607 / 128 + 0.5;
  return (x + 0.5) * Math.log(t) - t + Math.log((Math.sqrt(2 * Math.PI) * sum) / x);
}

/** The regularised upper incomplete gamma function Q(a, x). */
function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MOST_STEPS && term > sum * PRECISION; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  // Lentz's method for the continued fraction.
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < MOST_STEPS; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return front * h;
}

/** Like TMath::Prob: the probability of at least this χ² with `ndf` degrees of freedom; 0 for `ndf` 0. */
export function chi2Probability(chi2: number, ndf: number): number {
  if (ndf <= 0 || chi2 < 0) return 0;
  return chi2 === 0 ? 1 : gammaQ(ndf / 2, chi2 / 2);
}

/** Like TMath::KolmogorovProb: the probability of a scaled distance of at least z. */
export function kolmogorovProbability(z: number): number {
  const u = Math.abs(z);
  if (u < 0.2) return 1;
  if (u < 0.755) {
    const v = 1 / (u * u);
    const c = (-Math.PI * Math.PI) / 8;
    return 1 - (2.50662827 * (Math.exp(c * v) + Math.exp(9 * c * v) + Math.exp(25 * c * v))) / u;
  }
  if (u >= 6.8116) return 0;
  const terms = Math.max(1, Math.floor(3 / u + 0.5));
  let sum = 0;
  for (let j = 1; j <= terms; j++) sum += (j % 2 === 1 ? 1 : -1) * Math.exp(-2 * j * j * u * u);
  return 2 * sum;
}

/**
 * Like kolmogorovProbability, for a distance that was scaled by an estimated spread with `freedom` degrees of freedom: the mean
 * of the tail 2 exp(-2z²) over the distribution of the spread.
 */
export function kolmogorovOfLearnt(z: number, freedom: number): number {
  return Math.min(1, 2 * (1 + (4 * z * z) / freedom) ** (-freedom / 2));
}

/** The regularised incomplete beta function I_x(a, b). */
export function betaI(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaI(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MOST_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return (front * h) / a;
}

/** The probability of at least this ratio of two variances with `above` and `below` degrees of freedom. */
export function varianceRatioProbability(ratio: number, above: number, below: number): number {
  return ratio <= 0 ? 1 : betaI(below / (below + above * ratio), below / 2, above / 2);
}

/**
 * Converts a deviate of Student's t distribution to a normal deviate, without its sign (D. L. Wallace, 1959). So means of few
 * and of many entries can be compared on one scale.
 */
export function normalOfStudent(t: number, freedom: number): number {
  return ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
}

/** The two-sided probability of a count at least as extreme as this one, in n tries with this chance. */
export function binomialProbability(count: number, n: number, chance: number): number {
  const least = count === 0 ? 1 : betaI(chance, count, n - count + 1);
  const most = count === n ? 1 : betaI(1 - chance, n - count, count + 1);
  return Math.min(1, 2 * Math.min(least, most));
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
