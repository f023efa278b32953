import { h } from 'preact';
import type { Scene } from '../../histograms/show/shapes.ts';
import { printable } from '../../report/printable.ts';

/**
 * A picture as elements of the page.
 * @param here number of the marked bin
 * @param onPoint called with the bin under the pointer, or with its place as shares of width and height
 */
export function SceneView({
  scene,
  here,
  onPoint,
}: {
  scene: Scene;
  here?: number | undefined;
  onPoint: (at: { bin: number | undefined; left: number; top: number }) => void;
}) {
  const { width, height, shapes, label } = scene;
  const point = (event: PointerEvent & { currentTarget: SVGSVGElement }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const bin = event.target instanceof SVGElement ? event.target.dataset.bin : undefined;
    onPoint({
      bin: bin === undefined ? undefined : Number(bin),
      left: (event.clientX - box.left) / box.width,
      top: (event.clientY - box.top) / box.height,
    });
  };
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={printable(label)}
      onPointerMove={point}
      onPointerDown={point}
    >
      {shapes.map(({ tag, attributes, text }, index) => {
        const isHere = here !== undefined && attributes['data-bin'] === here;
        const all = { ...attributes, key: index, ...(isHere && { class: 'bin here' }) };
        return h(tag, all, text === undefined ? undefined : printable(text));
      })}
    </svg>
  );
}
