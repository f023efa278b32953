import { SaxesParser } from 'saxes';
import { Lines, type Source } from '../input/input-error.ts';
import { fail } from './errors.ts';

/** The lines of a collection of files, in the form that AliRoot's merging macros read: XML (`turl` of each file), or one file on each line. */
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

/**
 * The files in a list. A list is text with one file on each line, trimmed, without blank lines and lines that begin with `#`; or
 * a collection in XML, as AliEn and `collectionLines` write it: the `turl` of each file. A list is XML when its name
 * says so, or when it begins with `<`.
 * @throws {WorkflowError} for XML that is not well-formed, that declares entities, or that has a file without a `turl`
 */
export function collectionFiles(source: Source): string[] {
  if (source.file.endsWith('.xml') || source.text.trimStart().startsWith('<')) return xmlFiles(source);
  return source.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Elements are recognised by their names without a namespace. Comments, CDATA and processing instructions are ignored. */
function xmlFiles(source: Source): string[] {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const lines = new Lines(source);
  const files: string[] = [];
  const text = source.text.trimStart();
  const skipped = source.text.length - text.length;
  const at = (offset: number) => lines.at(skipped + Math.max(0, Math.min(offset, text.length)));
  let begin = 0;
  parser.on('error', (error) => {
    // the parser puts line and column, counted differently, before its message
    const message = error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
    fail(`the XML is not well-formed: ${message}`, at(parser.position - 1));
  });
  parser.on('doctype', (doctype) => {
    // a few lines of entities can expand to gigabytes
    if (doctype.includes('<!ENTITY')) fail('a collection must not declare entities', at(text.indexOf('<!ENTITY')));
  });
  parser.on('opentagstart', () => {
    begin = text.lastIndexOf('<', parser.position - 1);
  });
  parser.on('opentag', ({ local, attributes }) => {
    if (local !== 'file') return;
    const turl = attributes.turl?.value.trim() ?? '';
    if (turl === '') fail('this file has no turl (its address)', at(begin));
    files.push(turl);
  });
  parser.write(text).close();
  return files;
}
