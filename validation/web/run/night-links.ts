import { markup } from '../../report/printable.ts';
import type { Since } from '../../report/since.ts';
import { pathOf, runPath } from '../routes.ts';

/** Links to the first bad night of a finding, and to the comparison with the last good one, as markup. A removed run has none. */
export function nightLinks({ first, lastGood }: Since, run: string): string {
  const links: [address: string, text: string][] = [];
  if (first.run !== run && !first.removed) links.push([runPath(first.run), 'first bad night']);
  if (lastGood && !lastGood.removed && !first.removed)
    links.push([pathOf(['compare', lastGood.run, first.run]), 'compare it with the last good night']);
  return links.map(([address, text]) => ` <a href="${markup(address)}">${text}</a>`).join('');
}
