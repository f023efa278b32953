/** Bytes behind a line in which its stack trace is looked for. */
export const TRACE = 16_384;
/** Lines between a crash and its first frame: what ROOT and gdb write above a trace. */
const LEAD = 25;
/** Lines between the traces of two threads: an empty one, and that with the thread's name. */
const BETWEEN_THREADS = 3;
/** Calls that tell one crash from another. The outer ones are the same for all events. */
const CALLS = 3;

/** A line of a stack trace: the call as it is written there, or that the signal came in there. */
type FrameForm = (line: string) => { name: string; signal: boolean } | undefined;

/** `#4  0x00007f2c in Class::Function(…`, `#4 Class::Function (this=…`, and gdb's line where a signal came in. */
const gdbFrame: FrameForm = (line) => {
  const [matched, signal, call = ''] =
    /^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?:(<signal handler called>)|(.+))/.exec(line) ?? [];
  return matched === undefined ? undefined : { name: nameOf(call), signal: signal !== undefined };
};

/** `/path/libTPC.so(_ZN3TPC4FillEv+0x1a)[0x2b3c5f6d]`: a line of glibc's own backtrace, with the symbol where there is one. */
const glibcFrame: FrameForm = (line) => {
  const own = /^(?:\/|\w)[^\s()[\]]*(?:\((?:([^()]+)\+0x[0-9a-f]+)?\))?\s?\[0x[0-9a-f]+\]$/.exec(line);
  return own ? { name: demangle(own[1] ?? ''), signal: false } : undefined;
};

/** ` 0x00007f88fcb1d8a1 in Class::Function(double) + 0x11d1 from /opt/lib/libX.so`: ROOT's, where there is no gdb. */
const rootFrame: FrameForm = (line) => {
  const call = /^\s*0x[0-9a-f]+ in (.+)/.exec(line)?.[1];
  return call === undefined
    ? undefined
    : { name: nameOf(call.replace(/ \+ 0x[0-9a-f]+ from .*| from .*/, '')), signal: false };
};

/** `==12==    at 0x4C2: Class::Function(int) (x.cxx:3)`: Valgrind's. ` 3# Class::Function(int) at x.cxx:3`: Boost's. */
const otherFrame: FrameForm = (line) => {
  const call = /^==\d+== +(?:at|by) 0x[0-9A-F]+: (.+)|^\s*\d+# (?:0x[0-9A-Fa-f]+ in )?(.+)/.exec(line);
  return call ? { name: nameOf(call[1] ?? call[2] ?? ''), signal: false } : undefined;
};

/** Those that fingerprint-1.ts knows. */
export const OLD_FRAMES: readonly FrameForm[] = [gdbFrame, glibcFrame];
const FRAMES: readonly FrameForm[] = [...OLD_FRAMES, rootFrame, otherFrame];

/** What leads from a fault to the trace, or is chosen by the processor's kind: not where the trouble is. */
const OF_THE_SYSTEM =
  /^(_|raise$|abort$|waitpid$|wait4$|do_system$|system$|std::terminate|TUnixSystem::|mem(cpy|move|set)|str\w+$|c?free$|[mc]alloc$|realloc$|operator (new|delete))/;

/**
 * The innermost calls of the stack trace that follows an offset, without arguments and addresses; none where none follows.
 * Of the traces of several threads it is that of the one to which a signal came, else the first.
 */
export function callsBehind(bytes: Buffer, from: number, forms: readonly FrameForm[] = FRAMES): string[] {
  let first: string[] | undefined;
  let calls: string[] = [];
  let frames = 0;
  let others = 0;
  let hadSignal = false;
  for (const line of bytes.toString('latin1', from, Math.min(bytes.length, from + TRACE)).split('\n')) {
    const frame = frameOf(line, forms);
    if (!frame) {
      if (hadSignal || ++others > (frames > 0 ? BETWEEN_THREADS : LEAD)) break;
      continue;
    }
    // The next thread.
    if (frames > 0 && others > 0) {
      first ??= calls;
      calls = [];
    }
    frames++;
    others = 0;
    if (frame.signal) {
      hadSignal = true;
      calls = [];
    } else if (frame.name !== '' && !OF_THE_SYSTEM.test(frame.name)) calls.push(frame.name);
  }
  return (hadSignal ? calls : (first ?? calls)).slice(0, CALLS);
}

function frameOf(line: string, forms: readonly FrameForm[]): ReturnType<FrameForm> {
  for (const form of forms) {
    const frame = form(line);
    if (frame) return frame;
  }
  return undefined;
}

/** `Class::Function` of `Class::Function(int) () from lib.so`; empty for what has no name. */
function nameOf(call: string): string {
  const text = call.replaceAll('(anonymous namespace)', '{anonymous}').replace('operator()', 'operator{}');
  return text
    .slice(0, text.search(/\s*\(|$/))
    .slice(0, 200)
    .trim()
    .replace(/^\?\?$/, '');
}

/**
 * `Class::Function` of `_ZN5Class8FunctionEi`, as far as a name is made of plain parts; others stay as they are, but
 * for operators new and delete (Itanium C++ ABI, section 5.1).
 */
function demangle(symbol: string): string {
  if (/^_Z(n[wa]|d[la])/.test(symbol)) return 'operator new';
  const nested = /^_ZN[KV]*/.exec(symbol)?.[0];
  let rest = symbol.slice((nested ?? (symbol.startsWith('_Z') ? '_Z' : symbol)).length);
  const parts: string[] = [];
  for (let length = /^\d+/.exec(rest)?.[0]; length !== undefined; length = /^\d+/.exec(rest)?.[0]) {
    parts.push(rest.slice(length.length, length.length + Number(length)));
    rest = rest.slice(length.length + Number(length));
    if (nested === undefined) break;
  }
  // C1, D0 …: of constructors and destructors, whose name is the class's.
  const special = /^([CD])\d/.exec(rest)?.[1];
  if (special) parts.push(`${special === 'D' ? '~' : ''}${parts.at(-1) ?? ''}`);
  return parts.length > 0 ? parts.join('::') : symbol.replace(/^_Z/, '');
}
