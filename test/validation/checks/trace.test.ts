import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callsBehind } from '../../../validation/checks/trace.ts';

const calls = (text: string): string[] => callsBehind(Buffer.from(text), 0);

describe('callsBehind', () => {
  it('finds the call that received the signal, in a real trace', () => {
    const script = join(import.meta.dirname, '../../../makeflows/examples/gpmc/aliroot_dpgsim.sh');
    const text = readFileSync(script, 'utf8');
    expect(calls(text.slice(text.indexOf(' *** Break ***')))).toEqual([
      'AliTPCtracker::FollowProlongation',
      'AliTPCtracker::Clusters2Tracks',
      'AliReconstruction::RunTracking',
    ]);
  });

  it('reads frames with and without addresses, with templates, and without a name', () => {
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

  it('takes the trace of the thread that received the signal', () => {
    const waiting =
      '#0  0x00007f in pthread_cond_wait () from libpthread.so\n#1  0x00007f in TPool::Wait() () from libT.so\n';
    const crashed =
      '#0  0x00007f in waitpid () from libc.so\n#1  <signal handler called>\n#2  0x00007f in AliX::Fill() ()\n';
    const of = (...threads: string[]) =>
      calls(threads.map((text, index) => `\nThread ${index + 1} (Thread 0x7f (LWP 1${index})):\n${text}`).join(''));
    expect(of(waiting, crashed, waiting)).toEqual(['AliX::Fill']);
    expect(of(crashed, waiting)).toEqual(['AliX::Fill']);
    expect(of(waiting, '#0 AliY::Run () at y.cxx:1\n')).toEqual(['pthread_cond_wait', 'TPool::Wait']);
  });

  it("reads glibc's own backtrace", () => {
    const text = `
======= Backtrace: =========
/lib64/libc.so.6[0x3c7d475e66]
/lib64/libc.so.6(cfree+0x1c)[0x3c7d4789b3]
/cvmfs/a/libTPC.so(_ZdlPv+0x9)[0x2b3c5f6d7e80]
/cvmfs/a/libTPC.so(_ZN10AliTPCseedD0Ev+0x1a) [0x2b3c5f6d7e80]
/cvmfs/a/libTPC.so(_ZNK13AliTPCtracker4FillEii+0x1a)[0x2b3c5f6d7e80]
aliroot(main+0x1a)[0x41]
aliroot(_ZN3TPC4FillEv+0x1a)[0x41]
======= Memory map: ========`;
    expect(calls(text)).toEqual(['AliTPCseed::~AliTPCseed', 'AliTPCtracker::Fill', 'main']);
    expect(calls('\n/a/lib.so(_Z7plotAlli+0x1)[0x1]\n/a/lib.so(_ZSt4sortv+0x1)[0x1]\n')).toEqual([
      'plotAll',
      'St4sortv',
    ]);
  });

  it('leaves out calls that allocate memory', () => {
    expect(calls('\n#0 raise ()\n#1 abort ()\n#2 operator new(unsigned long) ()\n#3 AliX::Fill ()\n')).toEqual([
      'AliX::Fill',
    ]);
  });

  it('finds no trace if none follows, or only far away', () => {
    expect(calls('')).toEqual([]);
    expect(calls('\nI-AliReconstruction: event 3\n')).toEqual([]);
    expect(calls(`${'\nline'.repeat(40)}\n#0 Far::Away () from x.so\n`)).toEqual([]);
  });
});
