import type { FoundObject } from '../model.ts';
import type { ReadObject } from './file.ts';
import { isQuantity, quantityOf } from './quantity.ts';
import { Numbering, nameText, titleText } from './text.ts';

/** The largest depth of objects in objects. */
const DEEPEST = 12;

type Raw = Record<string, unknown>;

/** jsroot prints this for a class that the file does not describe. */
const UNKNOWN_CLASS = /^Not found streamer for (.+) ver /;
/** jsroot prints this when it did not read the data of a class to the end: the class is unknown, or it misread it. */
const NOT_TO_THE_END = /^Missmatch in (.+):-?\d+ bytecount/;

/**
 * The objects to compare in an object of a file: the object itself; the members of a list, a canvas, a stack or a multigraph;
 * or the histograms that are members of an object of another class. Empty if there are none.
 * @param most the largest number of objects
 */
export function objectsOf(path: readonly string[], className: string, read: ReadObject, most: number): FoundObject[] {
  const unknown = new Set<string>();
  for (const text of read.messages) {
    const name = UNKNOWN_CLASS.exec(text)?.[1];
    if (name !== undefined) unknown.add(name);
  }
  const misread = read.messages.find((text) => {
    return !UNKNOWN_CLASS.test(text) && !unknown.has(NOT_TO_THE_END.exec(text)?.[1] ?? '');
  });
  if (misread !== undefined) return [unreadable(path, className, `it cannot be read rightly (${misread})`)];
  const found = new Collector(unknown, most);
  found.add(path, read.object, 0);
  if (found.objects.length === 0 && unknown.size > 0) {
    return [unreadable(path, className, `the file does not describe the class ${[...unknown][0]}`)];
  }
  return found.objects;
}

export function unreadable(path: readonly string[], className: string, reason: string): FoundObject {
  return { path, className, title: '', what: { unreadable: reason } };
}

class Collector {
  readonly objects: FoundObject[] = [];
  private readonly seen = new Set<unknown>();
  private readonly unknown: ReadonlySet<string>;
  private readonly most: number;

  constructor(unknown: ReadonlySet<string>, most: number) {
    this.unknown = unknown;
    this.most = most;
  }

  add(path: readonly string[], object: Raw, depth: number): void {
    if (depth > DEEPEST || this.seen.has(object) || this.objects.length >= this.most) return;
    this.seen.add(object);
    const className = nameText(object._typename);
    if (this.unknown.has(className) && isUnread(object)) {
      this.objects.push(unreadable(path, className, `the file does not describe the class ${className}`));
    } else if (isQuantity(object, className)) {
      this.objects.push({ path, className, title: titleText(object.fTitle), what: quantityOf(object, className) });
    } else {
      const numbering = new Numbering();
      for (const [name, member] of members(object)) this.add([...path, numbering.unique(name)], member, depth + 1);
    }
  }
}

/** The objects in an object: those in lists have their own names, others have the name of the member. */
function* members(object: Raw): Generator<[string, Raw]> {
  const list = isList(object) ? object : [object.fPrimitives, object.fHists, object.fGraphs].find(isList);
  if (list) {
    for (const [index, member] of list.arr.entries()) {
      if (isObject(member)) yield [nameText(member.fName ?? member.name) || `[${index}]`, member];
    }
    return;
  }
  for (const [name, member] of Object.entries(object)) {
    if (isObject(member)) yield [nameText(name), member];
  }
}

function isList(value: unknown): value is Raw & { arr: unknown[] } {
  return isObject(value) && Array.isArray(value.arr);
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && '_typename' in value;
}

/** jsroot gives an object of an unknown class only the name of its class. */
function isUnread(object: Raw): boolean {
  return Object.values(object).every((value) => value === object._typename || typeof value === 'function');
}
