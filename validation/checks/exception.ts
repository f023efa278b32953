import { createHash } from 'node:crypto';
import type { Finding } from '../report/model.ts';
import { fold } from './fingerprint.ts';
import { areTelling } from './last-lines.ts';
import { isUnlisted } from './match-list.ts';
import type { StepCheck, StepRule } from './rules.ts';

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

/** Checks whose message is of measured numbers: other ones in every run. */
const MEASURED: readonly StepCheck[] = ['time', 'memory'];

/**
 * Makes the exception that excuses a finding and the same finding in other runs. It selects the rule, the stage, the log and
 * the part of the line that does not change from run to run. For a histogram it selects the file and the object.
 * @param steps the rules of the run about how steps end
 * @returns a sentence if no exception can excuse the finding
 */
export function exceptionFor(
  finding: Finding,
  { reason, owner, until }: Excuse,
  steps: readonly StepRule[],
): ExceptionEntry | string {
  const { rule, stage, file, message, compared } = finding;
  const excuse = { reason, owner, until };
  if (compared !== undefined) {
    if (compared.object === undefined) return `no exception can excuse that ${compared.file} as a whole differs`;
    const scope = { stages: [stage], files: [compared.file], objects: [compared.object] };
    return {
      section: 'histograms',
      rule: idOf(`ignore ${stage} ${compared.object}`, scope),
      ignore: { ...scope, ignore: excuse },
    };
  }
  if (WITHOUT_RULE.includes(rule))
    return `no exception can excuse a finding of the kind ${rule}: it comes from no rule`;
  if (isUnlisted(message))
    return 'no exception can excuse a finding that stands for many kinds of lines: write one by hand';
  const check = steps.find(({ id }) => id === rule)?.check;
  // `files` of a check are outputs, and its message names them. Its finding may have the place of a line in a log.
  if (check !== undefined)
    return { section: 'rules', rule, except: { stages: [stage], ...ofCheck(check, finding), ...excuse } };
  const files = file === undefined ? {} : { files: [file] };
  return { section: 'rules', rule, except: { stages: [stage], ...files, contains: lastingPart(message), ...excuse } };
}

/**
 * The message names the fact, for example the exit status. For a core dump it names the process. Two payloads with the same
 * exit status need not have the same error, so the last lines of the payload must match as well where they tell the cause.
 */
function ofCheck(check: StepCheck, { message, lastLines }: Finding): { contains?: string; matches?: string } {
  if (MEASURED.includes(check)) return {};
  if (check === 'core-dump') return { contains: lastingPart(message) };
  const lines = lastLines && areTelling(check, lastLines.file, message) ? lastLines.lines.map(lastingPart) : [];
  const words = lines.reverse().find((line) => line.length >= SHORTEST);
  return { contains: message, ...(words !== undefined && { matches: words.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') }) };
}

/** The longest sequence of words that a fingerprint keeps unchanged. If all sequences are short: the longest part that was not cut. */
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
  const lasting = longest(runs);
  return lasting.length >= SHORTEST ? lasting : longest(message.split(/\d*…\d*/));
}

function longest(texts: readonly string[]): string {
  return texts.map((text) => text.trim()).reduce((best, text) => (text.length > best.length ? text : best), '');
}

/** Makes an id of a rule: small letters, digits and hyphens. Each scope gets another id. */
function idOf(text: string, scope: object): string {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100);
  return `${words}-${createHash('sha256').update(JSON.stringify(scope)).digest('hex').slice(0, 8)}`;
}
