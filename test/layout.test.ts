import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/**
 * The rooms of the house. A file may load files of its own room and of the listed rooms, so that imports point downwards only.
 * Imports of types do not count, because they do not exist at run time. `framework` is the room of the files directly in that
 * folder.
 */
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  ...ofFramework(),
  ...ofValidation({
    cli: 'log-diff history history/show config server runs/life runs/local runs/judging runs/retention runs/inputs runs/store notify schedule preflight graph report checks histograms histograms/show makeflow htcondor workflow step logs files input units',
    config: 'server runs/retention notify preflight checks files input',
    server:
      'log-diff history schedule runs/life runs/judging runs/retention runs/inputs runs/store preflight graph report checks workflow step logs files input statistics units',
    'runs/life':
      'history runs/local runs/execution runs/judging runs/retention runs/inputs runs/store notify schedule preflight report checks makeflow htcondor workflow step files input units',
    'runs/local': 'runs/store makeflow workflow input units',
    'runs/execution': 'runs/judging runs/inputs runs/store report checks makeflow workflow step logs',
    'runs/judging': 'history runs/store report checks histograms files input',
    'runs/retention': 'history runs/store files input units',
    'history/show': 'report units',
    history: 'runs/store checks report workflow files input statistics units',
    'runs/inputs': 'runs/store workflow step files input',
    'runs/store': 'report checks workflow step logs files input statistics units',
    notify: 'report workflow net input units',
    schedule: 'report workflow step net input units',
    preflight: 'htcondor report workflow files input units',
    web: 'log-diff history/show histograms/show graph report statistics units',
    graph: 'report input units',
    'log-diff': 'checks logs',
    checks: 'report workflow logs files input statistics units',
    histograms: 'histograms/show checks report workflow files input units',
    'histograms/show': 'report units',
    report: 'statistics units',
    makeflow: 'htcondor step',
    htcondor: '',
    workflow: 'step jdl files input units',
    step: 'logs jdl files input',
    jdl: 'files input',
    logs: 'files',
    files: '',
    input: '',
    net: '',
    units: '',
    statistics: '',
  }),
};

/** Rooms of the framework that do not depend on Mesos or on demand. Both commands use them. */
const SHARED = ['framework/net', 'framework/http', 'framework/text', 'framework/tools'];

/** The files of relval that load further rooms of the framework: `relval --local`, and what asks the catalog. */
const MEET: Readonly<Record<string, readonly string[]>> = {
  'validation/runs/local/local.ts': ['framework/scheduler/state', 'framework/workqueue'],
  'validation/runs/local/framework.ts': [
    'framework',
    'framework/local',
    'framework/mesos',
    'framework/ops',
    'framework/scheduler/state',
    'framework/workqueue',
  ],
  'validation/runs/local/containers.ts': ['framework/config', 'framework/local'],
  'validation/preflight/places.ts': ['framework/workqueue'],
  'validation/runs/life/announce.ts': ['framework/workqueue'],
};

/** The rooms of the framework, each with the rooms that it may load. */
function ofFramework(): Record<string, string[]> {
  const rooms: Record<string, string> = {
    '': 'config ops local store scheduler scheduler/target scheduler/state mesos workqueue htcondor demand net http text tools',
    ops: 'scheduler scheduler/state demand http',
    config: 'scheduler/state htcondor demand text tools',
    scheduler: 'scheduler/lifecycle scheduler/launch scheduler/offers scheduler/target scheduler/state',
    'scheduler/lifecycle': 'scheduler/offers scheduler/state mesos',
    'scheduler/launch': 'scheduler/offers scheduler/target scheduler/state text',
    'scheduler/offers': 'scheduler/state',
    'scheduler/target': 'scheduler/state',
    'scheduler/state': 'demand',
    workqueue: 'demand net text',
    htcondor: 'htcondor/classad demand',
    'htcondor/classad': '',
    demand: '',
    local: 'mesos store http',
    store: 'tools',
    mesos: 'net',
    http: '',
    net: '',
    text: '',
    tools: '',
  };
  const path = (room: string): string => ['framework', room].filter((part) => part !== '').join('/');
  const words = (list: string): string[] => list.split(' ').filter((word) => word !== '');
  return Object.fromEntries(Object.entries(rooms).map(([room, below]) => [path(room), words(below).map(path)]));
}

/** Files of which these rooms must not load even types: a source does not depend on Mesos, nor the scheduler on a source. */
const UNKNOWN: Readonly<Record<string, RegExp>> = {
  'framework/demand': /^framework\/(?!demand|log\.ts)/,
  'framework/workqueue': /^framework\/(?!workqueue|demand|net|text|log\.ts)/,
  'framework/htcondor': /^framework\/(?!htcondor|demand|log\.ts)/,
  'framework/scheduler': /^framework\/(?!scheduler|demand|mesos|text)/,
  'framework/mesos': /^framework\/(?!mesos|net|log\.ts)/,
  'framework/net': /^framework\/(?!net)/,
};

function ofValidation(table: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(table).map(([name, others]) => [
      `validation/${name}`,
      others
        .split(' ')
        .filter((other) => other !== '')
        .map((other) => `validation/${other}`),
    ]),
  );
}

/** The room of a file, the innermost folder in the table: `validation/runs/store/lock.ts` → `validation/runs/store`. */
function folderOf(file: string): string | undefined {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) if (folder in MAY_LOAD) return folder;
  return undefined;
}

/** The files that a source file loads. `import type`, and imports of types only, do not count. */
function loadedBy(text: string): string[] {
  const found: string[] = [];
  for (const [, what = '', from] of text.matchAll(/^(?:import|export) ([^;]*?)(?: from )?'(\.[^']+)';$/gm)) {
    const names = /^\{([^}]*)\}$/
      .exec(what)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '');
    if (!what.startsWith('type ') && !names?.every((name) => name.trim().startsWith('type ')))
      found.push(from as string);
  }
  for (const [, from] of text.matchAll(/\bimport\('(\.[^']+)'\)/g)) found.push(from as string);
  return found;
}

/** The rooms that the files of each room load. */
function arrowsOf(top: string): Map<string, Set<string>> {
  const rooms = Object.keys(MAY_LOAD).filter((room) => `${room}/`.startsWith(`${top}/`));
  const arrows = new Map(rooms.map((room) => [room, new Set<string>()]));
  for (const entry of readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })) {
    const file = join(top, entry);
    if (!/\.tsx?$/.test(file)) continue;
    const room = folderOf(file) ?? '';
    for (const from of loadedBy(readFileSync(join(ROOT, file), 'utf8'))) {
      const other = folderOf(join(dirname(file), from)) ?? '';
      if (other !== room && arrows.has(other)) arrows.get(room)?.add(other);
    }
  }
  return arrows;
}

/** The arrows between rooms as a mermaid drawing. An arrow that follows from two others is left out. */
function drawingOf(top: string): string {
  const arrows = arrowsOf(top);
  const below = (room: string): string[] => [...(arrows.get(room) ?? [])].flatMap((next) => [next, ...below(next)]);
  const name = (room: string): string => (room === top ? room : room.slice(top.length + 1));
  // A prefix, because mermaid has keywords such as graph.
  const id = (room: string): string => `${top.charAt(0)}_${name(room).replaceAll('/', '_')}`;
  const lines = [...arrows].flatMap(([room, others]) => {
    const all = [...others].sort();
    const direct = all.filter((one) => !all.some((other) => below(other).includes(one)));
    return direct.length > 0 ? [`  ${id(room)} --> ${direct.map(id).join(' & ')}`] : [];
  });
  return ['flowchart TD', ...[...arrows.keys()].map((room) => `  ${id(room)}["${name(room)}"]`), ...lines].join('\n');
}

function sourcesBelow(top: string): string[] {
  const entries = readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' });
  return entries.map((entry) => join(top, entry)).filter((file) => file.endsWith('.ts'));
}

describe('the layout', () => {
  it('has imports that point downwards only', () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const top of ['framework', 'validation']) {
      for (const entry of readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })) {
        const file = join(top, entry);
        if (!/\.tsx?$/.test(file)) continue;
        const folder = folderOf(file);
        if (folder === undefined) wrong.push(`${file} lies in no folder of the table`);
        for (const from of loadedBy(readFileSync(join(ROOT, file), 'utf8'))) {
          const target = relative(ROOT, join(ROOT, dirname(file), from));
          const other = folderOf(target);
          seen++;
          if (folder === undefined || other === undefined) continue;
          if (other === folder || MAY_LOAD[folder]?.includes(other) || MEET[file]?.includes(other)) continue;
          if (folder.startsWith('validation/') && SHARED.includes(other)) continue;
          wrong.push(`${file} loads ${target}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(500);
  });

  it('has one file per command that writes to a terminal', () => {
    const writers: string[] = [];
    for (const top of ['framework', 'validation']) {
      for (const entry of readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })) {
        const file = join(top, entry);
        if (!/\.tsx?$/.test(file) || file.startsWith('validation/web/')) continue;
        if (/\bconsole\.|process\.std(?:out|err)\b/.test(readFileSync(join(ROOT, file), 'utf8'))) writers.push(file);
      }
    }
    // The reader of ROOT files is a program of its own, whose output relval reads.
    const programs = ['validation/histograms/read/file.ts', 'validation/histograms/read/program.ts'];
    // Loading the modules that write to terminals takes more open files than a process may have there.
    const beginnings = ['framework/main.ts', 'validation/cli/main.ts'];
    expect(writers).toEqual(expect.arrayContaining(beginnings));
    const others = writers.filter((file) => !beginnings.includes(file)).sort();
    expect(others).toEqual(['framework/terminal.ts', 'validation/cli/terminal.ts', ...programs]);
  });

  it('has no import of a forbidden room in the framework, not even of a type', () => {
    const wrong: string[] = [];
    for (const file of sourcesBelow('framework')) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const room = Object.keys(UNKNOWN).find((name) => file.startsWith(`${name}/`));
      for (const [, from = ''] of text.matchAll(/ from '(\.[^']+)';$/gm)) {
        const target = relative(ROOT, join(ROOT, dirname(file), from));
        if (room !== undefined && UNKNOWN[room]?.test(target)) wrong.push(`${file} knows ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has no circle of files in the framework', () => {
    const above: string[] = [];
    const done = new Set<string>();
    const visit = (file: string): void => {
      if (done.has(file)) return;
      expect(above, [...above, file].join(' → ')).not.toContain(file);
      above.push(file);
      const loads = loadedBy(readFileSync(join(ROOT, file), 'utf8'));
      for (const from of loads) if (from.endsWith('.ts')) visit(relative(ROOT, join(ROOT, dirname(file), from)));
      above.pop();
      done.add(file);
    };
    for (const file of sourcesBelow('framework')) visit(file);
    expect(done.size).toBeGreaterThan(100);
  });

  it('has every folder of the framework in the drawing of its README', () => {
    const text = readFileSync(join(ROOT, 'framework/README.md'), 'utf8');
    const drawn = [...text.matchAll(/\b([a-z]+)\/(?=[ │├┐\n])/g)].map(([, name]) => name);
    const folders = readdirSync(join(ROOT, 'framework'), { recursive: true, withFileTypes: true });
    const there = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect([...new Set(drawn)].sort()).toEqual(there.sort());
  });

  it('is drawn in docs/architecture.md (npx vitest run test/layout.test.ts -u draws it again)', async () => {
    const path = join(ROOT, 'docs/architecture.md');
    const parts = /^([\s\S]*<!-- rooms -->\n)[\s\S]*(<!-- \/rooms -->\n[\s\S]*)$/.exec(readFileSync(path, 'utf8'));
    expect(parts).not.toBeNull();
    const drawings = ['validation', 'framework'].map((top) => `\`\`\`mermaid\n${drawingOf(top)}\n\`\`\`\n`);
    await expect(`${parts?.[1]}${drawings.join('\n')}${parts?.[2]}`).toMatchFileSnapshot(path);
  });

  it('has no circle of folders', () => {
    const above: string[] = [];
    const done = new Set<string>();
    const visit = (folder: string): void => {
      if (done.has(folder)) return;
      expect(above, [...above, folder].join(' → ')).not.toContain(folder);
      above.push(folder);
      for (const below of MAY_LOAD[folder] ?? []) visit(below);
      above.pop();
      done.add(folder);
    };
    for (const folder of Object.keys(MAY_LOAD)) visit(folder);
    expect(done.size).toBeGreaterThan(20);
  });

  it('distinguishes loaded files from types', () => {
    const text = `import type { A } from './a.ts';
import { type B, type C } from './b.ts';
import { type D, d } from './d.ts';
import {
  e,
  type E,
} from './e.ts';
import './f.ts';
export { g } from './g.ts';
const load = async () => (await import('./h.ts')).h;
`;
    expect(loadedBy(text)).toEqual(['./d.ts', './e.ts', './f.ts', './g.ts', './h.ts']);
  });
});
