import type { Finding } from '../report/model.ts';
import { fold } from './fingerprint.ts';

/** Why a finding is excused, who is responsible for that, and the last day (`2030-01-31`, UTC). */
export interface Excuse {
  reason: string;
  owner: string;
  until: string;
}

/** An entry of section `rules` or `histograms` of a rule file. The keys are written in this order. */
export type ExceptionEntry =
  | { section: 'rules'; rule: string; except: Record<string, unknown> }
  | { section: 'histograms'; rule: string; ignore: Record<string, unknown> };

/** The least number of characters for the text of an exception: a shorter text would occur in too many lines. */
const SHORTEST = 8;

/** Findings that come from no rule. Exceptions belong to rules, so no exception can excuse them. */
const WITHOUT_RULE: readonly string[] = ['infrastructure', 'no-log', 'not-run', 'fan-out'];

/**
 * Makes the exception that excuses a finding and the same finding in other runs. It selects the rule, the stage, the log and
 * the part of the line that does not change from run to run. For a histogram it selects the file and the object.
 * @returns a sentence if no exception can excuse the finding
 */
export function exceptionFor(finding: Finding, { reason, owner, until }: Excuse): ExceptionEntry | string {
  const { rule, stage, file, message, compared } = finding;
  const excuse = { reason, owner, until };
  if (compared !== undefined) {
    if (compared.object === undefined) return `no exception can excuse that ${compared.file} as a whole differs`;
    const scope = { stages: [stage], files: [compared.file], objects: [compared.object] };
    return {
      section: 'histograms',
      rule: idOf(`ignore ${stage} ${compared.object}`),
      ignore: { ...scope, ignore: excuse },
    };
  }
  if (WITHOUT_RULE.includes(rule))
    return `no exception can excuse a finding of the kind ${rule}: it comes from no rule`;
  // A finding about the step as a whole has no log. Its message names the fact, for example the exit status.
  const contains = file === undefined ? message : lastingPart(message);
  const files = file === undefined ? {} : { files: [file] };
  return { section: 'rules', rule, except: { stages: [stage], ...files, contains, ...excuse } };
}

/** The longest sequence of words that a fingerprint keeps unchanged; the whole message if all sequences are short. */
function lastingPart(message: string): string {
  const runs: string[] = [];
  let current = '';
  for (const part of message.split(/(\s+)/)) {
    const isStable = part.trim() === '' || (!/[\d…]/.test(part) && fold(part) === part);
    if (isStable) current += part;
    else {
      runs.push(current);
      current = '';
    }
  }
  runs.push(current);
  const longest = runs.map((run) => run.trim()).reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest.length >= SHORTEST ? longest : message;
}

/** Makes an id of a rule from a text: small letters, digits and hyphens. */
function idOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100);
}
