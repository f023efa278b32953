/** Converts a value to a place on the picture. `ticks` are the values that are written beside the axis. */
export interface Scale {
  at(value: number): number;
  ticks: number[];
}

/** @param from the place of `low`, `to` that of `high`; about one tick for each `spacing` pixels */
export function linearScale(low: number, high: number, from: number, to: number, spacing: number): Scale {
  const span = high - low || 1;
  const wanted = Math.max(1, Math.abs(to - from) / spacing);
  const step = niceStep(span / wanted);
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) ticks.push(clean(n * step));
  return { at: (value) => from + ((value - low) / span) * (to - from), ticks };
}

/** Like linearScale, for logarithms; `low` must be above 0. Values up to `low` are drawn at the lower end. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  const span = last - first || 1;
  const every = Math.max(1, Math.ceil(span / 6));
  const ticks: number[] = [];
  for (let power = Math.ceil(first); power <= last; power += every) ticks.push(10 ** power);
  const at = (value: number): number => {
    const share = value > low ? (Math.log10(value) - first) / span : 0;
    return from + share * (to - from);
  };
  return { at, ticks };
}

/** The smallest step of at least `least` that is 1, 2 or 5 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function clean(value: number): number {
  return Number(value.toPrecision(10));
}

/** A number for people: four digits, and a power of ten if it is very large or small. */
export function numberText(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [digits = '', power = ''] = value.toExponential(2).split('e');
    return `${Number(digits)}e${Number(power)}`;
  }
  return String(Number(value.toPrecision(4)));
}
