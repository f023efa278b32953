/** Bytes behind a line in which its stack trace is looked for. */
export const TRACE = 16_384;
/** Lines between a crash and its first frame: what ROOT and gdb write above a trace. */
const LEAD = 25;
/** Calls that tell one crash from another. The outer ones are the same for all events. */
const CALLS = 3;

/** `#4  0x00007f2c in Class::Function(…`, `#4 Class::Function (this=…`, and gdb's line where a signal came in. */
const FRAME = /^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?:(<signal handler called>)|(.+))/;
/** What leads from a fault to the trace, or is chosen by the processor's kind: not where the trouble is. */
const OF_THE_SYSTEM =
  /^(_|raise$|abort$|waitpid$|wait4$|do_system$|system$|std::terminate|TUnixSystem::|mem(cpy|move|set)|str\w+$)/;

/** The innermost calls of the stack trace that follows an offset, without arguments and addresses; none where none follows. */
export function callsBehind(bytes: Buffer, from: number): string[] {
  let calls: string[] = [];
  let frames = 0;
  let lines = 0;
  for (const line of bytes.toString('latin1', from, Math.min(bytes.length, from + TRACE)).split('\n')) {
    const [matched, signal, call = ''] = FRAME.exec(line) ?? [];
    if (matched === undefined) {
      if (frames > 0 || ++lines > LEAD) break;
      continue;
    }
    frames++;
    const name = nameOf(call);
    if (signal) calls = [];
    else if (name && !OF_THE_SYSTEM.test(name)) calls.push(name);
  }
  return calls.slice(0, CALLS);
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
