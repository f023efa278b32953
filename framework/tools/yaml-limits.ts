import { type CST, type Document, Parser, visit } from 'yaml';

/**
 * Lists and mappings within one another; a pool has four, a rule six. The parser calls itself for each, and Node.js may end
 * without an exception where it has no stack left.
 */
const MAX_DEPTH = 50;

/** So many values may come from one alias, with those that it contains; a file by hand has a few. */
const MAX_ALIASES = 100;

/** A YAML text that is not read, because reading it could take all memory or stack, or one with an alias of nothing. */
export class YamlLimitError extends Error {
  /** Where in the text, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** @param onNewLine told the offsets of lines @throws YamlLimitError lists and mappings are nested too deeply */
export function checkDepth(text: string, onNewLine?: (offset: number) => void): void {
  const open: { token: CST.Token; depth: number }[] = [];
  for (const root of new Parser(onNewLine).parse(text)) {
    open.push({ token: root, depth: 0 });
    for (let next = open.pop(); next; next = open.pop()) {
      const { token, depth } = next;
      if (depth > MAX_DEPTH) throw new YamlLimitError(`more than ${MAX_DEPTH} lists within one another`, token.offset);
      const inside = 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
      if (token.type === 'document') inside.push(token.value);
      for (const one of inside) if (one) open.push({ token: one, depth: depth + 1 });
    }
  }
}

/**
 * What a document says, with its aliases resolved; a few of them that repeat one another could fill the memory.
 * @throws YamlLimitError at the alias that has no anchor before it, or at the last one when they multiply
 */
export function contentOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const anchors = new Set<string>();
    let offset = 0;
    visit(document, {
      Node: (_, node) => {
        if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
      },
      Alias: (_, { source, range }) => {
        offset = range?.[0] ?? offset;
        return anchors.has(source) ? undefined : visit.BREAK;
      },
    });
    throw new YamlLimitError((error as Error).message, offset);
  }
}
