import { markup } from '../../report/printable.ts';

/** An element of a picture. relval makes its attributes. Its texts may come from files and are not escaped yet. */
export interface Shape {
  tag: 'path' | 'rect' | 'text' | 'line';
  attributes: Readonly<Record<string, string | number>>;
  /** The content of a `text` element. */
  text?: string;
  /** A browser shows it under the pointer. */
  title?: string;
}

/** A picture: its elements, back to front, in units of one pixel of a page without zoom. */
export interface Scene {
  width: number;
  height: number;
  shapes: Shape[];
  /** A description of the picture for screen readers. */
  label: string;
}

/** The picture as SVG, for a page without scripts. Its colours come from the style sheet of the page. */
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

/** A text element. @param className empty: it has the default style of the picture */
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

/** Rounds to one decimal place, because a smaller part of a pixel is not visible. */
export function pixel(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Cuts a text to `most` characters. */
export function cut(text: string, most: number): string {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
}
