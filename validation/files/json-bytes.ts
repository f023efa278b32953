/**
 * Lists and maps in one text. Of a report one of a step or a finding has some four; a text that has nothing else takes ten
 * times as long to be read as others of its length.
 */
const MOST_PARTS = 1_000_000;
/** A text with more parts is read quickly if a part has at least this number of bytes. In a report it has some hundred. */
const LARGE_PART = 40;

/** Whether JSON is read in a fraction of a second, or as quickly as others of its length, as far as its form tells before it is read. */
export function isQuicklyRead(bytes: Buffer): boolean {
  const most = Math.max(MOST_PARTS, bytes.length / LARGE_PART);
  if (bytes.length <= most) return true;
  let parts = 0;
  for (let n = 0; n < bytes.length; n++) if (bytes[n] === 0x7b || bytes[n] === 0x5b) parts++;
  return parts <= most;
}
