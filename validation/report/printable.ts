/**
 * Text from a log made fit for people's eyes: whatever a terminal would obey (escape sequences), what would change the
 * order of letters on a page, and what cannot be seen at all is shown as `\x1b` or `\u202e`. A tab becomes a blank.
 */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    return code < 256 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`;
  });
}

/** As `printable`, and without meaning in HTML and XML, in text and between double quotes; legal in XML 1.0. */
export function markup(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
