const MEGABYTES: Record<string, number> = { '': 1, K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/** A size such as `8GB`, `512MB` or `6000` (MB) in whole MB, with 1 GB = 1024 MB; undefined if it is not a size. */
export function megabytes(text: string): number | undefined {
  const [, number, unit] = /^\s*([0-9]+(?:\.[0-9]+)?)\s*(?:([KMGT])i?B?)?\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const size = Math.ceil(Number(number) * (MEGABYTES[(unit ?? '').toUpperCase()] as number));
  return size > 0 ? size : undefined;
}

const SECONDS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration in the form of coreutils' `timeout` (`72000`, `20h`), in whole seconds; undefined if it is not a duration. */
export function seconds(text: string): number | undefined {
  const [, number, unit = ''] = /^\s*([0-9]+(?:\.[0-9]+)?)([smhd])?\s*$/.exec(text) ?? [];
  const duration = number === undefined ? 0 : Math.ceil(Number(number) * (SECONDS[unit] as number));
  return duration > 0 ? duration : undefined;
}
