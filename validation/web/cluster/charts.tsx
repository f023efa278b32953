import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { areaPath, type PoolHour } from './recent.ts';

const BOX = { width: 300, height: 44 };

/** Two small charts of a pool: its workers by state, and the tasks that wait for them. */
export function PoolCharts({ times, pool }: { times: readonly number[]; pool: PoolHour }) {
  const { busy, idle, starting, waiting } = pool;
  if (times.length < 2) return <span class="soft">The first minute has no chart yet.</span>;
  const zero = times.map(() => 0);
  const active = add(zero, busy);
  const connected = add(active, idle);
  const all = add(connected, starting);
  const used = shareOf(busy, all);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  const span = `in the last ${formatDuration(seconds)}`;
  return (
    <div class="hour">
      <Chart
        title={`Workers ${span}: at most ${Math.max(...all)}, ${used} % of them busy on average`}
        caption={`workers, at most ${Math.max(...all)}, ${used} % busy`}
        most={Math.max(1, ...all)}
        areas={[
          { name: 'busy', lower: zero, upper: active },
          { name: 'idle', lower: active, upper: connected },
          { name: 'starting', lower: connected, upper: all },
        ]}
      />
      <Chart
        title={`Waiting tasks ${span}: at most ${Math.max(...waiting)}`}
        caption={`waiting, at most ${counted(Math.max(...waiting), 'task')}`}
        most={Math.max(1, ...waiting)}
        areas={[{ name: 'waiting', lower: zero, upper: waiting }]}
      />
    </div>
  );
}

interface Area {
  name: string;
  lower: readonly number[];
  upper: readonly number[];
}

function Chart(props: { title: string; caption: string; most: number; areas: readonly Area[] }) {
  const { title, caption, most, areas } = props;
  return (
    <figure>
      <svg viewBox={`0 0 ${BOX.width} ${BOX.height}`} preserveAspectRatio="none" role="img" aria-label={title}>
        <title>{title}</title>
        {areas.map(({ name, lower, upper }) => (
          <path key={name} class={`area-${name}`} d={areaPath(lower, upper, most, BOX)} />
        ))}
      </svg>
      <figcaption class="soft">{caption}</figcaption>
    </figure>
  );
}

/** The legend of all charts of workers. */
export function Legend() {
  return (
    <p class="legend soft">
      {['busy', 'idle', 'starting', 'waiting'].map((name) => (
        <span key={name}>
          <span class={`swatch area-${name}`} aria-hidden="true" />{' '}
          {name === 'waiting' ? 'waiting tasks' : `${name} workers`}
        </span>
      ))}
    </p>
  );
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function shareOf(part: readonly number[], whole: readonly number[]): number {
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  return sum(whole) === 0 ? 0 : Math.round((100 * sum(part)) / sum(whole));
}
