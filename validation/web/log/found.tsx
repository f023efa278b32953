import { useMemo } from 'preact/hooks';
import { findingHtml } from '../../report/finding-html.ts';
import { groupFindings } from '../../report/groups.ts';
import type { Finding } from '../../report/model.ts';
import { shortSince, sinceIn } from '../../report/since.ts';
import type { StepDetail } from '../../server/api.ts';
import { addressOf } from '../run/finding-address.ts';
import { nightLinks } from '../run/night-links.ts';

/**
 * One finding beside its log: its contacts, its first run, and below them all details from the report.
 * @param finding the finding of the chosen line, or a finding about the step as a whole
 */
export function Found({ run, detail, finding }: { run: string; detail: StepDetail; finding: Finding }) {
  const { severity, rule, component, age } = finding;
  const contacts = detail.contacts?.[component ?? ''] ?? [];
  const since = sinceIn({ run, ...(detail.findingsSince && { since: detail.findingsSince }) }, finding);
  const html = useMemo(() => {
    const [group] = groupFindings([finding]);
    return group
      ? findingHtml(group, { link: (place) => addressOf(run, place), places: 1, level: 2, since, nightLinks })
      : '';
  }, [run, finding, since?.of]);
  return (
    <details class="found-here">
      <summary>
        <strong class={severity}>
          <span aria-hidden="true">✗</span> {severity}
        </strong>{' '}
        {rule}
        {component && `, ${component}`}
        {contacts.length > 0 && <span class="soft"> ({contacts.join(', ')})</span>}
        {age && detail.reference && (
          <span class="soft">
            {age === 'new' ? ', new: not in ' : ', known: also in '}
            {detail.reference}
          </span>
        )}
        {since && <span class={since.of.course === 'flaky' ? 'warning' : 'soft'}>, {shortSince(since.of, run)}</span>}
      </summary>
      {/* The same HTML as in the report file; all text in it is escaped there. */}
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </details>
  );
}
