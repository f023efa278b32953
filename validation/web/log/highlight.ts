import type { Span } from './ansi.ts';

export interface Query {
  text: string;
  regex: boolean;
  case: boolean;
}

/** Longer lines are not searched in the browser, because an expression of the user could take any time. Characters. */
const LONGEST = 2000;

/** Finds the matches in a visible line. It finds none without a query, or if the browser cannot read the expression. */
export function matcherOf({ text, regex, case: exact }: Query): RegExp | undefined {
  if (text === '') return undefined;
  try {
    return new RegExp(regex ? text : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), exact ? 'gu' : 'giu');
  } catch {
    return undefined;
  }
}

/** The spans of a line, cut at the beginning and the end of each match. */
export function highlight(spans: readonly Span[], matcher: RegExp | undefined): (Span & { hit?: true })[] {
  const text = spans.map((span) => span.text).join('');
  if (!matcher || text.length > LONGEST) return [...spans];
  const hits = [...text.matchAll(matcher)]
    .map((match) => ({ from: match.index, to: match.index + match[0].length }))
    .filter(({ from, to }) => to > from);
  if (hits.length === 0) return [...spans];
  const parts: (Span & { hit?: true })[] = [];
  let start = 0;
  for (const span of spans) {
    const end = start + span.text.length;
    const cuts = hits.flatMap(({ from, to }) => [from, to]).filter((cut) => cut > start && cut < end);
    let at = start;
    for (const cut of [...cuts, end]) {
      const hit = hits.some(({ from, to }) => at >= from && at < to);
      parts.push({ ...span, text: span.text.slice(at - start, cut - start), ...(hit && { hit: true }) });
      at = cut;
    }
    start = end;
  }
  return parts;
}
