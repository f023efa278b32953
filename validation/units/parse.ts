const MEGABYTES: Record<string, number> = { '': 1, K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/** A size such as `8GB`, `512MB` or `6000` (MB) in whole MB, with 1 GB = 1024 MB; undefined if it is not a size. */
export function megabytes(text: string): number | undefined {
  const [, number, unit] = /^\s*([0-9]+(?:\.[0-9]+)?)\s*(?:([KMGT])i?B?)?\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const size = Math.ceil(Number(number) * (MEGABYTES[(unit ?? '').toUpperCase()] as number));
  return size > 0 ? size : undefined;
}

/**
 * A day (`2030-01-31`), a time (`2030-01-31T12:00`, with `Z` or an offset, else in the local time zone), or an age (`7d`, `12h`)
 * as ms since 1970; undefined if it is none of these.
 * @param now ms since 1970
 */
export function instant(text: string, now: number): number | undefined {
  const age = seconds(text);
  if (age !== undefined && /[smhd]\s*$/.test(text)) return now - age * 1000;
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/.test(text.trim())) return undefined;
  const day = text.trim().slice(0, 10);
  // Date takes the 30th of February for the 2nd of March.
  if (new Date(`${day}T00:00Z`).toJSON()?.slice(0, 10) !== day) return undefined;
  // Date takes a day alone for UTC, and a person means it where the person is.
  const time = Date.parse(text.includes(':') ? text.trim().replace(' ', 'T') : `${day}T00:00`);
  return Number.isNaN(time) ? undefined : time;
}

const SECONDS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration in the form of coreutils' `timeout` (`72000`, `20h`), in whole seconds; undefined if it is not a duration. */
export function seconds(text: string): number | undefined {
  const [, number, unit = ''] = /^\s*([0-9]+(?:\.[0-9]+)?)([smhd])?\s*$/.exec(text) ?? [];
  const duration = number === undefined ? 0 : Math.ceil(Number(number) * (SECONDS[unit] as number));
  return duration > 0 ? duration : undefined;
}
