import { Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import type { ExceptionEntry } from './exception.ts';

/**
 * Adds an exception to the text of a rule file, and keeps its comments and its order. A file has each rule only once, so the
 * exception is added to the entry of its rule, if there is one.
 * @param text a valid rule file, or an empty text
 */
export function withException(text: string, entry: ExceptionEntry): string {
  const document = text.trim() === '' ? new Document({}) : parseDocument(text);
  const list = listOf(document, entry.section);
  const known = list.items.find((item): item is YAMLMap => isMap(item) && item.get('id') === entry.rule);
  if (entry.section === 'histograms') {
    // The file has an exception for the same object of the same stage: the new reason and day replace the old ones.
    if (known) known.set('ignore', document.createNode(entry.ignore.ignore));
    else list.add(document.createNode({ id: entry.rule, ...entry.ignore }));
    return document.toString({ lineWidth: 0 });
  }
  const exception = document.createNode(entry.except) as YAMLMap;
  for (const { value } of exception.items) if (isSeq(value)) value.flow = true;
  const others = known?.get('except');
  if (isSeq(others)) {
    // If an exception selects the same findings, the new reason, owner and day replace the old ones.
    const same = others.items.findIndex((other) => isMap(other) && isSameScope(other.toJSON(), entry.except));
    if (same >= 0) others.items[same] = exception;
    else others.add(exception);
  } else if (known) known.set('except', document.createNode([exception]));
  else list.add(document.createNode({ id: entry.rule, except: [exception] }));
  return document.toString({ lineWidth: 0 });
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
