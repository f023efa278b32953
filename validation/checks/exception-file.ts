import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isSeq, parse, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { InputError } from '../input/input-error.ts';
import type { ExceptionEntry } from './exception.ts';

/**
 * Adds an exception to the text of a rule file, and keeps its comments and its order. A file has each rule only once, so the
 * exception is added to the entry of its rule, if there is one.
 * @param text a valid rule file, or a text without content
 * @throws InputError if anchors or merge keys share parts of the file, so that the change would also change other rules
 */
export function withException(text: string, entry: ExceptionEntry): string {
  const document = parseDocument(text, { stringKeys: true });
  addTo(document, entry);
  const changed = document.toString({ lineWidth: 0 });
  if (!isDeepStrictEqual(contentOf(changed), contentWith(contentOf(text), entry)))
    throw new InputError([{ message: `its aliases or merge keys leave no place for an exception of ${entry.rule}` }]);
  return text.includes('\r\n') ? changed.replace(/\r?\n/g, '\r\n') : changed;
}

function addTo(document: Document.Parsed, entry: ExceptionEntry): void {
  const list = listOf(document, entry.section);
  const known = list.items.find((item): item is YAMLMap => isMap(item) && item.get('id') === entry.rule);
  if (entry.section === 'histograms') {
    // The file has an exception for the same object of the same stage: the new reason and day replace the old ones.
    if (known) known.set('ignore', document.createNode(entry.ignore.ignore));
    else list.add(document.createNode({ id: entry.rule, ...entry.ignore }));
    return;
  }
  const exception = document.createNode(entry.except) as YAMLMap;
  for (const { value } of exception.items) if (isSeq(value)) value.flow = true;
  const others = known?.get('except');
  if (isSeq(others)) {
    // If an exception selects the same findings, the new reason, owner and day replace the old ones.
    const same = others.items.findIndex((other) => isMap(other) && isSameScope(other.toJS(document), entry.except));
    if (same >= 0) others.items[same] = exception;
    else others.add(exception);
  } else if (known) known.set('except', document.createNode([exception]));
  else list.add(document.createNode({ id: entry.rule, except: [exception] }));
}

type Content = Record<string, Record<string, unknown>[]>;

/** Without the places at which an alias stands for another part. */
function contentOf(text: string): Content {
  return JSON.parse(JSON.stringify(parse(text, { stringKeys: true }) ?? {})) as Content;
}

/** What the file is to say with the exception. */
function contentWith(content: Content, entry: ExceptionEntry): Content {
  const entries = content[entry.section] ?? [];
  const known = entries.find(({ id }) => id === entry.rule) ?? { id: entry.rule };
  let changed: Record<string, unknown>;
  if (entry.section === 'histograms') changed = { ...entry.ignore, ...known, ignore: entry.ignore.ignore };
  else {
    const before = (known.except ?? []) as Record<string, unknown>[];
    const same = before.findIndex((other) => isSameScope(other, entry.except));
    changed = { ...known, except: same >= 0 ? before.with(same, entry.except) : [...before, entry.except] };
  }
  const at = entries.indexOf(known);
  return { ...content, [entry.section]: at >= 0 ? entries.with(at, changed) : [...entries, changed] };
}

/** The keys of an exception that select findings. */
const SCOPE = ['stages', 'files', 'contains', 'matches'];

function isSameScope(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return SCOPE.every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]));
}

function listOf(document: Document, section: string): YAMLSeq {
  const found = document.get(section);
  if (isSeq(found)) return found;
  const made = new YAMLSeq();
  document.set(section, made);
  return made;
}
