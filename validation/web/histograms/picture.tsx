import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { binsOf, binText, canBeLog, drawLine } from '../../histograms/show/line.ts';
import { cellAt, cellText, drawMap, PANELS } from '../../histograms/show/map.ts';
import { isMap, type LinePicture, type MapPicture, type Picture } from '../../histograms/show/picture.ts';
import { printable } from '../../report/printable.ts';
import { SceneView } from './scene.tsx';

const WIDEST = 760;
const NARROWEST = 260;
/** The size of each of three maps side by side. */
const MAP_WIDTH = 250;

/** An object drawn over its reference, with the full width. */
export function PictureView({ picture }: { picture: Picture }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = (): void => setWidth(Math.max(NARROWEST, Math.min(WIDEST, element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} class="histogram">
      {width > 0 && (isMap(picture) ? <Maps picture={picture} /> : <Line picture={picture} width={width} />)}
    </div>
  );
}

function Line({ picture, width }: { picture: LinePicture; width: number }) {
  const bins = useMemo(() => binsOf(picture), [picture]);
  const [log, setLog] = useState(false);
  const [here, setHere] = useState<number | undefined>(undefined);
  const scene = useMemo(() => drawLine(picture, { width, log }), [picture, width, log]);
  const bin = here === undefined ? undefined : bins[here];
  const text = bin ? printable(binText(bin)) : 'Point at a bin to see its values.';
  return (
    <>
      <SceneView scene={scene} here={here} onPoint={({ bin: at }) => at !== undefined && setHere(at)} />
      <p class="values">{text}</p>
      <div class="filters">
        <label>
          Bin{' '}
          <input
            type="range"
            min={0}
            max={bins.length - 1}
            value={here ?? 0}
            aria-valuetext={text}
            onInput={(event) => setHere(Number(event.currentTarget.value))}
          />
        </label>
        {canBeLog(bins) && (
          <button type="button" aria-pressed={log} onClick={() => setLog(!log)}>
            Logarithmic scale
          </button>
        )}
      </div>
    </>
  );
}

function Maps({ picture }: { picture: MapPicture }) {
  const [cell, setCell] = useState<number | undefined>(undefined);
  const scenes = useMemo(() => PANELS.map((panel) => drawMap(picture, panel, MAP_WIDTH)), [picture]);
  return (
    <>
      <div class="maps">
        {scenes.map((scene, index) => (
          <SceneView
            key={PANELS[index]}
            scene={scene}
            onPoint={({ left, top }) => setCell(cellAt(picture, MAP_WIDTH, left, top))}
          />
        ))}
      </div>
      <p class="values">{cell === undefined ? 'Point at a cell to see its values.' : cellText(picture, cell)}</p>
    </>
  );
}
