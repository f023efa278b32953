/** Lines of a collection of files, as AliRoot's merging macros read it: XML (`turl` of each file), or one a line. */
export function collectionLines(name: string, files: Iterable<{ index: number; file: string }>): Iterable<string> {
  return name.endsWith('.xml') ? xmlLines(files) : textLines(files);
}

function* xmlLines(files: Iterable<{ index: number; file: string }>): Iterable<string> {
  yield '<alien>';
  yield '  <collection name="alien_collection.xml">';
  for (const { index, file } of files) {
    yield `    <event name="${index}">`;
    yield `      <file turl="${escapeXml(file)}" type="f"/>`;
    yield '    </event>';
  }
  yield '  </collection>';
  yield '</alien>';
}

function* textLines(files: Iterable<{ file: string }>): Iterable<string> {
  for (const { file } of files) yield file;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}

const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The files of a list: text with one a line, trimmed, where blank lines and those that begin with `#` do not count; or
 * a collection as AliEn and `collectionLines` write them, in XML: the `turl` of each file.
 */
export function collectionFiles(text: string): string[] {
  if (text.trimStart().startsWith('<')) {
    return [...text.matchAll(/<file\b[^>]*?\sturl="([^"]*)"/g)].map(([, turl = '']) =>
      turl.replace(/&(\w+);/g, (entity, name: string) => CHARACTERS[name] ?? entity),
    );
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
