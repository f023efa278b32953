/** The number of bytes behind a line that are searched for its stack trace. */
export const TRACE = 16_384;
/** The largest number of lines between a crash and its first frame: ROOT and gdb write a heading. */
const LEAD = 25;
/** The largest number of lines between the traces of two threads: an empty line, and the name of the thread. */
const BETWEEN_THREADS = 3;
/** The number of calls that go into a fingerprint. The outer calls are the same for all events. */
const CALLS = 3;

/** Reads a line of a stack trace: the name of the call, and whether the signal arrived there. */
type FrameForm = (line: string) => { name: string; signal: boolean } | undefined;

/** gdb: `#4  0x00007f2c in Class::Function(…`, `#4 Class::Function (this=…`, and the line where a signal arrived. */
const gdbFrame: FrameForm = (line) => {
  const [matched, signal, call = ''] =
    /^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?:(<signal handler called>)|(.+))/.exec(line) ?? [];
  return matched === undefined ? undefined : { name: nameOf(call), signal: signal !== undefined };
};

/** glibc: `/path/libTPC.so(_ZN3TPC4FillEv+0x1a)[0x2b3c5f6d]`, with or without the symbol. */
const glibcFrame: FrameForm = (line) => {
  const own = /^(?:\/|\w)[^\s()[\]]*(?:\((?:([^()]+)\+0x[0-9a-f]+)?\))?\s?\[0x[0-9a-f]+\]$/.exec(line);
  return own ? { name: demangle(own[1] ?? ''), signal: false } : undefined;
};

/** ROOT without gdb: ` 0x00007f88fcb1d8a1 in Class::Function(double) + 0x11d1 from /opt/lib/libX.so`. */
const rootFrame: FrameForm = (line) => {
  const call = /^\s*0x[0-9a-f]+ in (.+)/.exec(line)?.[1];
  return call === undefined
    ? undefined
    : { name: nameOf(call.replace(/ \+ 0x[0-9a-f]+ from .*| from .*/, '')), signal: false };
};

/** Valgrind: `==12==    at 0x4C2: Class::Function(int) (x.cxx:3)`. Boost: ` 3# Class::Function(int) at x.cxx:3`. */
const otherFrame: FrameForm = (line) => {
  const call = /^==\d+== +(?:at|by) 0x[0-9A-F]+: (.+)|^\s*\d+# (?:0x[0-9A-Fa-f]+ in )?(.+)/.exec(line);
  return call ? { name: nameOf(call[1] ?? call[2] ?? ''), signal: false } : undefined;
};

/** The forms that fingerprints of version 1 know. */
export const VERSION_1_FRAMES: readonly FrameForm[] = [gdbFrame, glibcFrame];
const FRAMES: readonly FrameForm[] = [...VERSION_1_FRAMES, rootFrame, otherFrame];

/** Calls of the system between a fault and its trace, or chosen by the processor type. They do not show the cause. */
const OF_THE_SYSTEM =
  /^(_|raise$|abort$|waitpid$|wait4$|do_system$|system$|std::terminate|TUnixSystem::|mem(cpy|move|set)|str\w+$|c?free$|[mc]alloc$|realloc$|operator (new|delete))/;

/**
 * The innermost calls of the stack trace that follows an offset, without arguments and addresses; empty if none follows. Of
 * several threads, the calls of the thread that received the signal, else of the first thread.
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
    // The trace of the next thread begins.
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

/** `Class::Function` of `Class::Function(int) () from lib.so`; empty if the call has no name. */
function nameOf(call: string): string {
  const text = call.replaceAll('(anonymous namespace)', '{anonymous}').replace('operator()', 'operator{}');
  return text
    .slice(0, text.search(/\s*\(|$/))
    .slice(0, 200)
    .trim()
    .replace(/^\?\?$/, '');
}

/**
 * `Class::Function` of `_ZN5Class8FunctionEi`, if the name has only plain parts. Other names stay as they are, except the
 * operators new and delete (Itanium C++ ABI, section 5.1).
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
  // C1, D0 …: constructors and destructors have the name of the class.
  const special = /^([CD])\d/.exec(rest)?.[1];
  if (special) parts.push(`${special === 'D' ? '~' : ''}${parts.at(-1) ?? ''}`);
  return parts.length > 0 ? parts.join('::') : symbol.replace(/^_Z/, '');
}
