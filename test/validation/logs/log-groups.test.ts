import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogGroup, LogGroups } from '../../../validation/logs/log-groups.ts';
import { FoldedRows } from '../../../validation/web/log/folded-rows.ts';

function groupsOf(lines: readonly string[]): string[] {
  const finder = new LogGroups();
  const groups: (LogGroup | undefined)[] = lines.map((text, n) => finder.push(n + 1, text));
  return [...groups, finder.end()].flatMap((group) => (group ? `${group.kind} ${group.from}-${group.to}` : []));
}

describe('groups of lines', () => {
  it('are the commands that a shell shows', () => {
    expect(groupsOf(['begin', '+ export A=1', '+ cd /tmp', '++ dirname x', '+ aliroot -b', 'end'])).toEqual([
      'trace 2-5',
    ]);
    expect(groupsOf(['+ one', '+ two', 'end'])).toEqual([]);
  });

  it('are lines that differ only in numbers and addresses', () => {
    const events = Array.from({ length: 20 }, (_, n) => `I-Rec: event ${n} at 0x7f${n}a, ${n * 1.5} s`);
    expect(groupsOf(['begin', ...events, 'end'])).toEqual(['repeated 2-21']);
    expect(groupsOf(['a', 'b', 'c', 'd', 'e', 'f'])).toEqual([]);
  });

  it('are the banners of ROOT, of both kinds, and not what stands between two lines that are drawn', () => {
    const five = [
      '  *******************************',
      '  *  W E L C O M E  to  R O O T  *',
      '  *     *',
      '  *******************************',
    ];
    const six = [
      '   ---------------------------',
      '  | Welcome to ROOT 6.26/10   |',
      '  | ROOT comes with NO WARRANTY |',
      '   ---------------------------',
    ];
    expect(groupsOf([...five, 'text', ...six])).toEqual(['banner 1-4', 'banner 6-9']);
    const crash = ['===========================', 'There was a crash.', '#0 a', '#1 b', '==========================='];
    expect(groupsOf(crash)).toEqual([]);
  });

  it('end where the log ends, also in an open frame', () => {
    expect(groupsOf(['**************', '* never closed *'])).toEqual([]);
    expect(groupsOf(['+ a', '+ b', '+ c', '+ d'])).toEqual(['trace 1-4']);
  });
});

it('the rows of a folded log are its lines, where a row stands for all that a group hides', () => {
  const lengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 4, max: 9 })), { maxLength: 8 });
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 3 }), (parts, shown) => {
      const groups: LogGroup[] = [];
      let end = 0;
      for (const [gap, length] of parts) {
        groups.push({ kind: 'trace', from: end + gap + 1, to: end + gap + length });
        end += gap + length;
      }
      const total = end + 3;
      const rows = new FoldedRows(total, groups, shown);
      const folded = groups.filter(({ from, to }) => !shown.some((line) => line > from && line <= to));
      const expected: string[] = [];
      for (let line = 1; line <= total; line++) {
        const fold = folded.find(({ from, to }) => line > from && line <= to);
        if (!fold) expected.push(String(line));
        else if (line === fold.to) expected.push(`${fold.from + 1}-${fold.to}`);
      }
      const got = Array.from({ length: rows.rows }, (_, row) => {
        const { line, fold } = rows.at(row);
        return fold ? `${fold.from}-${fold.to}` : String(line);
      });
      expect(got).toEqual(expected);
      for (let line = 1; line <= total; line++) {
        const row = rows.at(rows.rowOf(line));
        expect(row.fold ? line >= row.fold.from && line <= row.fold.to : row.line === line).toBe(true);
      }
    }),
  );
});
