import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../../../validation/runs/store/event-log.ts';
import {
  applyEvent,
  applyStates,
  emptyView,
  type RunEvent,
  type RunView,
} from '../../../../validation/runs/store/events.ts';
import { keep, restore } from '../../../../validation/runs/store/kept-view.ts';
import { outlineOf } from '../../../../validation/runs/store/outline.ts';
import { ViewReader } from '../../../../validation/runs/store/view-reader.ts';
import { changeCache } from './cached.ts';

const STEPS = 1500;
let dir: string;
let file: string;
let cacheHome: string | undefined;

const idOf = (n: number): string => `sim${String(n).padStart(5, '0')}`;
const lines = (events: readonly RunEvent[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** A run in which each third step fails, and the last ones have not ended yet. */
function runOf(steps: number): RunEvent[] {
  const ids = Array.from({ length: steps }, (_, n) => idOf(n));
  const events: RunEvent[] = [
    { time: 1, type: 'created', name: 'mc', workflow: 'mc' },
    { time: 2, type: 'planned', phase: 0, steps: ids.map((id, n) => ({ id, stage: n % 2 ? 'reco' : 'sim' })) },
    { time: 3, type: 'phase-started', phase: 0, makeflow: 77 },
  ];
  ids.forEach((step, n) => {
    events.push({ time: 10 + n, type: 'step-submitted', step, attempt: 1, task: `0.1.${n}` });
    if (n > steps - 30) return;
    events.push({ time: 20 + n, type: 'step-running', step, attempt: 1, task: `0.1.${n}.1`, worker: `w${n % 7}:9` });
    if (n > steps - 60) return;
    const state = n % 3 === 0 ? 'failed' : 'succeeded';
    const more = n % 3 === 0 ? { exitStatus: 1, message: 'exit status 1 — ü' } : {};
    const host = `node${n % 5}`;
    events.push({
      ...{ time: 30 + n, type: 'step-ended', step, attempt: 1, task: `0.1.${n}`, state, retried: false },
      ...{ seconds: n / 7, host, ...more },
    });
  });
  events.push({ time: 9000, type: 'held-up', cause: 'refused', message: 'no worker fits' });
  return events;
}

function viewOf(events: Iterable<RunEvent>): RunView {
  const view = emptyView();
  for (const event of events) applyEvent(view, event);
  return view;
}

/** What a new process shows. */
function look(): RunView {
  const reader = new ViewReader(file);
  reader.read();
  const { outline } = reader;
  const { view } = reader;
  expect(outline).toEqual(outlineOf(view));
  return view;
}

/** What the file itself says. */
const truth = (): RunView => viewOf(new EventReader(file).read());

const caches = (): string[] => {
  try {
    return readdirSync(join(dir, 'cache', 'relval')).map((name) => join(dir, 'cache', 'relval', name));
  } catch {
    return [];
  }
};
const cacheFile = (): string => caches()[0] as string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'view-reader-'));
  file = join(dir, 'events.ndjson');
  cacheHome = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(dir, 'cache');
  writeFileSync(file, lines(runOf(STEPS)));
});
afterEach(() => {
  vi.restoreAllMocks();
  if (cacheHome === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cacheHome;
  rmSync(dir, { recursive: true, force: true });
});

describe('a view that is written down', () => {
  it('is the same when it is read again, and goes on in the same way', () => {
    const events: RunEvent[] = [
      ...runOf(40),
      { time: 1e4, type: 'repeated', phase: 0, steps: [idOf(1), idOf(2)] },
      { time: 1e4, type: 'planned', phase: 1, steps: [{ id: 'late', stage: 'merge' }] },
      { time: 2e4, type: 'planned', phase: 0, steps: [{ id: idOf(1), stage: 'reco' }] },
      { time: 3e4, type: 'planned', phase: 0, steps: [idOf(1), idOf(2)].map((id) => ({ id, stage: 'reco' })) },
      { time: 4e4, type: 'step-running', step: idOf(2), attempt: 2, task: '0.2.1.1', worker: 'w:1' },
      { time: 5e4, type: 'ended', verdict: 'failed', reason: 'x' },
    ];
    for (let cut = 0; cut <= events.length; cut++) {
      const view = restore(JSON.parse(JSON.stringify(keep(viewOf(events.slice(0, cut))))));
      expect(view).toEqual(viewOf(events.slice(0, cut)));
      for (const event of events.slice(cut)) applyEvent(view, event);
      expect(view).toEqual(viewOf(events));
      expect([...view.steps.keys()]).toEqual([...viewOf(events).steps.keys()]);
    }
  });
});

describe('the view of a long run', () => {
  it('is taken from the cache, and is the same', () => {
    expect(look()).toEqual(truth());
    expect(caches()).toHaveLength(1);
    changeCache(cacheFile(), (content) => content.replaceAll('no worker fits', 'cached'));
    expect(look().heldUp).toEqual([{ cause: 'refused', message: 'cached' }]);
  });

  it('has an outline in the cache, without which its steps are not read', () => {
    look();
    // More than an outline cannot be read here.
    changeCache(cacheFile(), (content) => `${content.split('\n')[0]}\nnothing`);
    const reader = new ViewReader(file);
    reader.read();
    expect(reader.outline).toEqual(outlineOf(truth()));
    expect(reader.outline.running.map(({ id, worker }) => [id, worker])).toEqual(
      [1441, 1442, 1443, 1444, 1445, 1446, 1447, 1448].map((n) => [idOf(n), `w${n % 7}:9`]),
    );
    expect(reader.outline.slowest.map(({ id }) => id)).toEqual([1440, 1439, 1438, 1437, 1436].map(idOf));
    expect(() => reader.view).toThrow();
  });

  it('has an outline that shows also what was changed in the view', () => {
    look();
    const reader = new ViewReader(file);
    reader.read();
    const { broken } = reader.outline.counts;
    applyStates(reader.view, { [idOf(0)]: 'broken' });
    expect(reader.outline.counts.broken).toBe(broken + 1);
    expect(reader.outline).toEqual(outlineOf(reader.view));
  });

  it('goes on as the run grows, also in the middle of a line', () => {
    look();
    const more = lines([{ time: 1e4, type: 'step-requeued', step: idOf(STEPS - 40), attempt: 1, message: 'lost' }]);
    appendFileSync(file, more.slice(0, 20));
    const reader = new ViewReader(file);
    reader.read();
    expect(reader.view).toEqual(truth());
    appendFileSync(file, more.slice(20));
    reader.read();
    expect(reader.view).toEqual(truth());
    expect(look().steps.get(idOf(STEPS - 40))?.message).toBe('lost');
  });

  it('is kept again when the run has grown much, and only then', () => {
    look();
    const first = readFileSync(cacheFile(), 'utf8');
    appendFileSync(file, lines([{ time: 1e4, type: 'resumed', pid: 1 }]));
    look();
    expect(readFileSync(cacheFile(), 'utf8')).toBe(first);
    const planned = Array.from({ length: 4000 }, (_, n) => ({ id: `more${n}`, stage: 'a long name of a stage' }));
    appendFileSync(file, lines([{ time: 1e4, type: 'planned', phase: 1, steps: planned }]));
    look();
    expect(readFileSync(cacheFile(), 'utf8')).toContain('more3999');
    expect(look()).toEqual(truth());
  });

  it('of a file at rest is taken without reading the file, until the file changes', () => {
    look();
    const before = Date.now() / 1000 - 3600;
    utimesSync(file, before, before);
    // The time of the last change of the file's attributes cannot be set back.
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    look();
    const { mtimeMs, ctimeMs, ino, size } = statSync(file);
    expect(JSON.parse(readFileSync(cacheFile(), 'utf8').split('\n')[1] as string).mark).toEqual([
      ...[ino, size, mtimeMs, ctimeMs],
    ]);
    // A wrong checksum of the events would make it read them.
    changeCache(cacheFile(), (content) =>
      content.replace(/"digest":"\w+"/, '"digest":"x"').replaceAll('node1', 'kept'),
    );
    expect([...look().steps.values()].map(({ host }) => host)).toContain('kept');
    appendFileSync(file, '{"time":9001,"type":"phase-started","phase":1,"makeflow":78}\n');
    expect(look()).toEqual(truth());
  });

  it('is read from the events if the file was cut, replaced or changed', () => {
    look();
    const bytes = readFileSync(file);
    truncateSync(file, bytes.length - 5000);
    expect(look()).toEqual(truth());
    writeFileSync(file, bytes);
    look();
    writeFileSync(file, Buffer.from(bytes.toString('latin1').replace('"failed"', '"broken"'), 'latin1'));
    expect(look().counts.broken).toBe(1);
    rmSync(file);
    writeFileSync(file, lines(runOf(STEPS + 5)));
    expect(look()).toEqual(truth());
    rmSync(file);
    expect(look()).toEqual(emptyView());
  });

  it('is read from the events if the cache is damaged, of another build, or cannot be written', () => {
    look();
    const good = readFileSync(cacheFile(), 'utf8');
    const damaged = [
      ...['', 'null', '[]', '\n', good.slice(0, -100), good.slice(good.indexOf('\n') + 1)],
      ...[good.replace('no worker fits', 'changed'), good.replace(/^\S+/, 'other.js')],
    ];
    for (const text of damaged) {
      writeFileSync(cacheFile(), text);
      expect(look()).toEqual(truth());
    }
    rmSync(join(dir, 'cache'), { recursive: true });
    writeFileSync(join(dir, 'cache'), 'no directory');
    expect(look()).toEqual(truth());
  });

  it('is kept for the last runs that were looked at', () => {
    const runs = Array.from({ length: 22 }, (_, n) => join(dir, `run${n}`));
    for (const run of runs) {
      mkdirSync(run);
      file = join(run, 'events.ndjson');
      writeFileSync(file, lines(runOf(STEPS)));
      look();
    }
    expect(caches()).toHaveLength(20);
  });
});

it('the view of a short run is not kept', () => {
  writeFileSync(file, lines(runOf(20)));
  expect(look()).toEqual(truth());
  expect(caches()).toEqual([]);
});
