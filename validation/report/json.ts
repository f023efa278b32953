import type { Report } from './model.ts';

/** The report as JSON, in pieces: one line for each field, and one line for each step and each finding. */
export function* renderJson(report: Report): Generator<string> {
  let begin = '{\n';
  for (const [key, value] of Object.entries(report) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${begin} ${JSON.stringify(key)}: `;
    begin = ',\n';
    if (Array.isArray(value) && value.length > 0 && typeof value[0] === 'object') yield* linesOf(value);
    else yield JSON.stringify(value, null, 1).replaceAll('\n', '\n ');
  }
  yield '\n}\n';
}

function* linesOf(list: readonly unknown[]): Generator<string> {
  for (const [index, one] of list.entries()) yield `${index === 0 ? '[' : ','}\n  ${JSON.stringify(one)}`;
  yield '\n ]';
}
