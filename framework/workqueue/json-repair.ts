/**
 * Corrects what Work Queue and its catalog print as JSON.
 *
 * cctools' printer has two faults (seen in Debian's 9.9 build; the second one in upstream's 2026 head too):
 * - it prints an apostrophe in a string as `\'`, which is not JSON;
 * - it prints a byte of 0x80 or more as `\uffffffHH` (a negative `char` through `%04x`), which JSON reads as U+FFFF
 *   and four letters.
 * Strings contain bytes, usually UTF-8, so the bytes are restored first and decoded together. Bytes that are not UTF-8
 * become U+FFFD.
 *
 * @param bytes the text as received
 * @returns text for `JSON.parse`; text without these faults is unchanged
 */
export function repairJson(bytes: Uint8Array): string {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  // Escapes are read from the left, so that the second backslash of `\\'` is never taken for the start of `\'`.
  const repaired = latin1.replace(
    /\\(?:u[fF]{6}([89a-fA-F][0-9a-fA-F])|[\s\S])/g,
    (printed, byte: string | undefined) =>
      byte !== undefined ? String.fromCharCode(Number.parseInt(byte, 16)) : printed === "\\'" ? "'" : printed,
  );
  return Buffer.from(repaired, 'latin1').toString('utf8');
}
