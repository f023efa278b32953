import { describe, expect, it } from 'vitest';
import { collectionFiles, collectionLines } from '../../../validation/workflow/collection.ts';

const files = (text: string, file = 'c.xml') => collectionFiles({ file, text });

function errorOf(text: string, file?: string): string {
  try {
    return `no error: ${JSON.stringify(files(text, file))}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a collection in XML', () => {
  it('names the files of its events, whatever the quotes and the order of the attributes', () => {
    const text = `<?xml version="1.0"?>
<alien>
  <collection name="c">
    <event name="1"><file name='one.root' turl='root://h//d/one.root' type="f"/></event>
    <event name="2">
      <file
        turl = "root://h//d/a&amp;b&#x20;&#39;&lt;>&quot;.root?x=1&amp;y=2" type="f"></file>
      <file turl="root://h//d/three.root"/>
    </event>
    <info turl="root://h//no/file"/>
  </collection>
</alien>`;
    expect(files(text)).toEqual([
      'root://h//d/one.root',
      `root://h//d/a&b '<>".root?x=1&y=2`,
      'root://h//d/three.root',
    ]);
  });

  it('has no files in comments, in CDATA and in processing instructions', () => {
    const text = `<alien>
<!-- damaged: <file turl="root://h//damaged.root"/> -->
<![CDATA[<file turl="root://h//cdata.root"/>]]>
<?old <file turl="root://h//old.root"/>?>
<file turl="root://h//good.root"/>
</alien>`;
    expect(files(text)).toEqual(['root://h//good.root']);
  });

  it('may have namespaces, a document type and blanks before its declaration', () => {
    const text =
      '\n <?xml version="1.0"?><!DOCTYPE alien SYSTEM "a.dtd"><x:alien xmlns:x="u"><x:file turl="a"/></x:alien>';
    expect(files(text)).toEqual(['a']);
  });

  it('is one by its name, or by how it begins', () => {
    expect(files('<alien><file turl="a"/></alien>', 'list.txt')).toEqual(['a']);
    expect(files('# no\n\n a b.root \n', 'list.txt')).toEqual(['a b.root']);
    expect(errorOf('a.root\n')).toMatch(/^c\.xml:\d+:\d+: the XML is not well-formed: /);
  });

  it.each([
    ['<alien>\n<file turl="x/></alien>', 'c.xml:2:16: the XML is not well-formed: disallowed character'],
    ['<alien>\n<file turl="x" turl="y"/></alien>', 'c.xml:2:25: the XML is not well-formed: duplicate attribute: turl'],
    ['<alien><event><file turl="x"/></alien>', 'c.xml:1:38: the XML is not well-formed: unexpected close tag'],
    ['<alien>\n<file turl="x"/>', 'c.xml:2:16: the XML is not well-formed: unclosed tag: alien'],
    ['<alien/> more', 'c.xml:1:14: the XML is not well-formed: text data outside of root node'],
    ['\n\n<alien>\n<file turl="&unknown;"/></alien>', 'c.xml:4:21: the XML is not well-formed: undefined entity'],
    ['', 'c.xml:1:1: the XML is not well-formed: document must contain a root element'],
    ['<alien>\n  <file lfn="/a/b.root"/></alien>', 'c.xml:2:3: this file has no turl (its address)'],
    ['<alien>\n  <file turl=" "/></alien>', 'c.xml:2:3: this file has no turl (its address)'],
  ])('is refused with a position: %j', (text, message) => {
    expect(errorOf(text).split('\n', 1)[0]).toBe(message);
  });

  it('is refused when it declares entities, which may stand for gigabytes', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('\n');
    const text = `<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY e0 "ha">\n${levels}]>\n<alien><file turl="&e9;"/></alien>`;
    expect(errorOf(text)).toMatch(/^c\.xml:2:14: a collection must not declare entities\n/);
  });

  it('is read back as it was written, whatever the names', () => {
    const names = [`a&b.root`, `<x> "q" 'a'.root`, 'root://h//d/é 漢.root?a=1&b=2', '--x, y=#@~.root', ']]>.root'];
    const text = [
      ...collectionLines(
        'c.xml',
        names.map((file, index) => ({ index, file })),
      ),
    ].join('\n');
    expect(files(text)).toEqual(names);
  });
});
