import { describe, expect, it } from 'vitest';
import { detailOf } from '../../../validation/checks/details.ts';

const of = (first: string, ...behind: string[]): string | undefined => detailOf(first, behind)?.text;

describe('detailOf', () => {
  it('takes category, module and message of an exception of CMSSW, up to its end', () => {
    const first = '----- Begin Fatal Exception 12-Feb-2016 10:56:36 CET-----------------------';
    const behind = [
      "An exception of category 'NoRecord' occurred while",
      '   [0] Processing run: 1 lumi: 1 event: 1',
      "   [2] Calling method for module Layer1/'digis'",
      'Exception Message:',
      'No "CaloTPGRecord" record found',
      '----- End Fatal Exception -------------------------------------------------',
      "An exception of category 'Other' occurred while",
    ];
    expect(detailOf(first, behind)).toEqual({
      text: `An exception of category 'NoRecord' Calling method for module Layer1/'digis' No "CaloTPGRecord" record found`,
      lines: [0, 2, 4],
    });
    expect(of(first)).toBeUndefined();
    expect(of(first, '----- End Fatal Exception', "An exception of category 'Other' occurred while")).toBeUndefined();
  });

  it('takes the last line and the innermost function of a traceback, also if a logger wrote it', () => {
    const behind = [
      '  File "/a/b.py", line 3, in <module>',
      '    run()',
      '  File "/a/c d.py", line 9, in run',
      '    x()',
    ];
    expect(of('Traceback (most recent call last):', ...behind, 'KeyError: 1', 'I-Rec: on')).toBe(
      'KeyError: 1 (c d.py, run)',
    );
    const logged = behind.map((line) => `err| ${line}`);
    expect(of('err| Traceback (most recent call last):', ...logged, 'err| KeyError: 1')).toBe(
      'KeyError: 1 (c d.py, run)',
    );
    expect(of('Traceback (most recent call last):', '  File "/a/b.py", line 3, in <module>', 'KeyError: 1')).toBe(
      'KeyError: 1 (b.py)',
    );
    expect(of('Traceback (most recent call last):')).toBeUndefined();
  });

  it('takes what() of a C++ exception, and only from the lines next to it', () => {
    const first = "terminate called after throwing an instance of 'std::out_of_range'";
    expect(of(first, '  what():  map::at')).toBe('what():  map::at');
    expect(of(first, 'a', 'b', 'c', 'd', '  what():  map::at')).toBeUndefined();
  });

  it('takes code, place, text and severity of an exception of Geant4', () => {
    const behind = [
      '*** G4Exception : GeomVol0003',
      '      issued by : G4PVPlacement::CheckOverlaps()',
      'Volume outside of its mother',
      '*** Fatal Exception *** core dump ***',
      '-------- EEEE -------- G4Exception-END --------- EEEE -------',
    ];
    expect(of('-------- EEEE ------- G4Exception-START -------- EEEE -------', ...behind)).toBe(
      'G4Exception : GeomVol0003 issued by : G4PVPlacement::CheckOverlaps() *** Fatal Exception *** core dump *** Volume outside of its mother',
    );
  });

  it('reads no more lines than it needs', () => {
    let read = 0;
    function* endless(): Generator<string> {
      for (;;) yield read++ % 3 === 2 ? 'KeyError: 1' : '    x()';
    }
    expect(detailOf('Traceback (most recent call last):', endless())?.text).toBe('KeyError: 1');
    expect(read).toBe(3);
    expect(detailOf("terminate called after throwing an instance of 'x'", endless())).toBeUndefined();
    expect(read).toBeLessThan(10);
    expect(detailOf('Exception in module x', endless())).toBeUndefined();
    expect(read).toBeLessThan(10);
  });

  it('takes nothing for other lines', () => {
    expect(of('Segmentation violation', '  what():  x')).toBeUndefined();
  });
});
