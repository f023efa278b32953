import type { NamedHistory } from '../../history/nights.ts';
import { paint } from '../../report/paint.ts';
import { printable } from '../../report/printable.ts';
import { dayOf } from '../../report/since.ts';
import { COLOUR } from './run-colours.ts';
import { table } from './table.ts';
import { cut, SIGN, shortRelease } from './trend-text.ts';

/** The longest name and the longest release, characters. */
const NAME = 24;
const RELEASE = 16;
/** The width of all other columns, with the spaces between them. */
const OTHERS = 45;
/** The smallest number of nights of a line, and the width of a terminal that does not tell it. */
const LEAST = 7;
const COLUMNS = 80;

/** All names that have a history, a line each. @param columns width of the terminal; as many nights are shown as fit */
export function workflowsText(workflows: readonly NamedHistory[], columns = COLUMNS): string[] {
  const short = shortRelease(workflows);
  const releases = workflows.map(({ release = '' }) => cut(printable(short(release)), RELEASE));
  const names = workflows.map(({ name }) => cut(printable(name), NAME));
  const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));
  const room = Math.max(LEAST, columns - OTHERS - widest([...names, 'Name']) - widest([...releases, 'Release']));
  const rows = workflows.map(({ runs, nights, passRate, last, verdict }, n) => {
    const shown = nights.slice(-room);
    return [
      names[n] ?? '',
      String(runs),
      shown.map((night) => COLOUR[night.verdict](SIGN[night.verdict])).join(''),
      passRate === undefined ? '' : `${Math.round(100 * passRate)} %`,
      dayOf({ created: last }),
      COLOUR[verdict](verdict),
      releases[n] ?? '',
    ];
  });
  const head = ['Name', 'Nights', 'Last nights', 'Passed', 'Newest', '', 'Release'].map((name) => paint.dim(name));
  const key = `${SIGN.passed} passed, ${SIGN.failed} failed, ${SIGN.broken} broken, ${SIGN.interrupted} interrupted; the newest night is at the right. relval trend NAME shows one of them.`;
  return [...table([head, ...rows]), '', paint.dim(key)];
}
