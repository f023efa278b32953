import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callsBehind } from '../../../validation/checks/trace.ts';

const calls = (text: string): string[] => callsBehind(Buffer.from(text), 0);

describe('callsBehind', () => {
  it('finds where the signal came in, in the trace that the example writes', () => {
    const script = join(import.meta.dirname, '../../../makeflows/examples/gpmc/aliroot_dpgsim.sh');
    const text = readFileSync(script, 'utf8');
    expect(calls(text.slice(text.indexOf(' *** Break ***')))).toEqual([
      'AliTPCtracker::FollowProlongation',
      'AliTPCtracker::Clusters2Tracks',
      'AliReconstruction::RunTracking',
    ]);
  });

  it('reads frames with and without addresses, templates and names that are none', () => {
    const text = `
#0  0x00007f in raise () from /lib64/libc.so.6
#1  std::vector<int, std::allocator<int> >::at (this=0x0, i=3) at vector:12
#2  0x00007f in (anonymous namespace)::Fill(TH1*) () from libA.so
#3  0x00007f in ?? ()
#4  AliX::operator() (this=0x7) at x.cxx:4
#5  AliY::Exec`;
    expect(calls(text)).toEqual([
      'std::vector<int, std::allocator<int> >::at',
      '{anonymous}::Fill',
      'AliX::operator{}',
    ]);
  });

  it('finds none where none follows, or only far away', () => {
    expect(calls('')).toEqual([]);
    expect(calls('\nI-AliReconstruction: event 3\n')).toEqual([]);
    expect(calls(`${'\nline'.repeat(40)}\n#0 Far::Away () from x.so\n`)).toEqual([]);
  });
});
