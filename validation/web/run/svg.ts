/** The elements and attributes of relval's drawings. Nothing else from an SVG file comes into the page. */
const ELEMENTS = new Set(['svg', 'g', 'rect', 'text', 'tspan', 'path', 'circle', 'title', 'desc', 'defs', 'marker']);
const ATTRIBUTES = new Set(
  (
    'class d x y cx cy r rx width height viewBox transform role id aria-labelledby marker-end refX refY ' +
    'markerWidth markerHeight markerUnits orient text-anchor data-step data-stage'
  ).split(' '),
);
const SVG = 'http://www.w3.org/2000/svg';

/**
 * A drawing as elements of this document. It copies only known elements and attributes, so that no script, style or link can
 * come in. Steps become links. Undefined if the text is not an SVG.
 */
export function importSvg(
  text: string,
  link: (node: { step?: string; stage?: string }) => string,
): SVGElement | undefined {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  if (parsed.namespaceURI !== SVG || parsed.localName !== 'svg') return undefined;
  return copy(parsed, link) as SVGElement | undefined;
}

function copy(from: Element, link: (node: { step?: string; stage?: string }) => string): Element | undefined {
  if (from.namespaceURI !== SVG || !ELEMENTS.has(from.localName)) return undefined;
  const to = document.createElementNS(SVG, from.localName);
  for (const { name, value } of from.attributes) {
    if (!ATTRIBUTES.has(name)) continue;
    if (name === 'marker-end' && !/^url\(#[\w-]+\)$/.test(value)) continue;
    to.setAttribute(name, value);
  }
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.append(child.nodeValue ?? '');
    else if (child instanceof Element) {
      const copied = copy(child, link);
      if (copied) to.append(copied);
    }
  }
  const { step, stage } = (to as SVGElement).dataset;
  if (step === undefined && stage === undefined) return to;
  const anchor = document.createElementNS(SVG, 'a');
  anchor.setAttribute('href', link({ ...(step !== undefined && { step }), ...(stage !== undefined && { stage }) }));
  anchor.append(to);
  return anchor;
}
