import { markup } from '../../report/printable.ts';

/** An element of a picture. Its attributes are ours; its texts are from outside, and not escaped yet. */
export interface Shape {
  tag: 'path' | 'rect' | 'text' | 'line';
  attributes: Readonly<Record<string, string | number>>;
  /** Of a `text`. */
  text?: string;
  /** What a browser shows under the pointer. */
  title?: string;
}

/** A picture: its elements, back to front, in units of one pixel of a page without zoom. */
export interface Scene {
  width: number;
  height: number;
  shapes: Shape[];
  /** What is to be seen, for people who do not see it. */
  label: string;
}

/** The picture as text for a page without scripts. Its colours come from the style sheet of the page. */
export function toSvg({ width, height, shapes, label }: Scene): string {
  const elements = shapes.map(({ tag, attributes, text, title }) => {
    const all = Object.entries(attributes).map(([name, value]) => ` ${name}="${markup(String(value))}"`);
    const inside = `${title === undefined ? '' : `<title>${markup(title)}</title>`}${text === undefined ? '' : markup(text)}`;
    return inside === '' ? `<${tag}${all.join('')}/>` : `<${tag}${all.join('')}>${inside}</${tag}>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${markup(label)}">
${elements.join('\n')}
</svg>
`;
}

/** @param className empty: the text is as others of the picture */
export function textAt(
  text: string,
  left: number,
  top: number,
  anchor: 'start' | 'end' | 'middle',
  className: string,
): Shape {
  const attributes = { x: pixel(left), y: pixel(top), 'text-anchor': anchor };
  return { tag: 'text', attributes: className === '' ? attributes : { ...attributes, class: className }, text };
}

/** One decimal place: less than a pixel is not seen. */
export function pixel(value: number): number {
  return Math.round(value * 10) / 10;
}

/** @param most letters */
export function cut(text: string, most: number): string {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
}
