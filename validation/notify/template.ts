/**
 * A small part of Mustache (mustache(5)): `{{name}}`, `{{#name}}…{{/name}}` if there is a value, for a list once for each
 * entry, `{{^name}}…{{/name}}` if there is none. No code, no partials, no unescaped values.
 */
export interface Scope {
  readonly [name: string]: Value;
}
/** Foreign text: a name or a sentence, a line of a log, or an address with its text. The channel decides how to show it. */
export type Value = undefined | boolean | number | string | Code | Link | readonly Scope[];
export interface Code {
  readonly code: string;
}
export interface Link {
  readonly url: string;
  readonly label: string;
}

/** How a channel shows foreign text: without markup, without mentioning anybody, on one line. */
export interface Style {
  text(text: string): string;
  code(line: string): string;
  link(link: Link): string;
}

type Node =
  | { type: 'text'; text: string }
  | { type: 'value'; name: string }
  | { type: 'section'; name: string; wanted: boolean; body: Node[] };
export type Template = readonly Node[];

/** Matches `{{name}}`; for a section alone on its line the whole line, so that no empty line is left. */
const TAG = /^[ \t]*\{\{([#^/])\s*([^{}]*?)\s*\}\}[ \t]*(?:\n|$)|\{\{([#^/]?)\s*([^{}]*?)\s*\}\}/gm;

/**
 * Reads a template.
 * @param names the values that can be filled in
 * @throws {Error} with the line of the first mistake: a name that does not exist, a section that is not closed
 */
export function parseTemplate(text: string, names: ReadonlySet<string>): Template {
  const root: Node[] = [];
  const open: { name: string; line: number; body: Node[] }[] = [];
  const add = (node: Node): void => void (open.at(-1)?.body ?? root).push(node);
  let end = 0;
  for (const tag of text.matchAll(TAG)) {
    if (tag.index > end) add({ type: 'text', text: text.slice(end, tag.index) });
    end = tag.index + tag[0].length;
    const line = text.slice(0, tag.index).split('\n').length;
    const kind = tag[1] ?? tag[3] ?? '';
    const name = tag[2] ?? tag[4] ?? '';
    if (kind === '/') {
      const section = open.pop();
      if (section?.name !== name) throw new Error(`line ${line}: {{/${name}}} closes no section of this name`);
      continue;
    }
    if (!names.has(name)) {
      throw new Error(`line ${line}: there is no {{${name}}}; known are ${[...names].sort().join(', ')}`);
    }
    if (kind === '') add({ type: 'value', name });
    else {
      const body: Node[] = [];
      add({ type: 'section', name, wanted: kind === '#', body });
      open.push({ name, line, body });
    }
  }
  const unclosed = open.at(-1);
  if (unclosed) throw new Error(`line ${unclosed.line}: {{#${unclosed.name}}} is not closed`);
  if (end < text.length) root.push({ type: 'text', text: text.slice(end) });
  return root;
}

/** Fills in a template. Inner scopes hide outer ones. */
export function render(template: Template, scopes: readonly Scope[], style: Style): string {
  return template
    .map((node): string => {
      if (node.type === 'text') return node.text;
      const value = lookUp(node.name, scopes);
      if (node.type === 'value') return show(value, style);
      const isThere = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== '';
      if (isThere !== node.wanted) return '';
      const inner = isThere && isList(value) ? value : [{}];
      return inner.map((scope) => render(node.body, [...scopes, scope], style)).join('');
    })
    .join('');
}

function isList(value: Value): value is readonly Scope[] {
  return Array.isArray(value);
}

function lookUp(name: string, scopes: readonly Scope[]): Value {
  return scopes.findLast((scope) => Object.hasOwn(scope, name))?.[name];
}

function show(value: Value, style: Style): string {
  if (value === undefined || value === false) return '';
  if (isList(value)) return String(value.length);
  if (typeof value !== 'object') return style.text(String(value));
  return 'code' in value ? style.code(value.code) : style.link(value);
}
