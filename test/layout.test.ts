import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/**
 * What the files of a folder may load, besides one another: imports point downwards only. Types are not asked about, since
 * nothing of them is left when it runs. `framework` is what lies in that folder itself.
 */
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  framework: ['ops', 'local', 'store', 'scheduler', 'mesos', 'workqueue', 'http', 'tools'].map(
    (name) => `framework/${name}`,
  ),
  'framework/ops': ['framework/scheduler', 'framework/http'],
  'framework/local': ['framework/mesos', 'framework/store', 'framework/http'],
  'framework/store': [],
  'framework/scheduler': ['framework/mesos'],
  'framework/mesos': [],
  'framework/workqueue': [],
  'framework/http': [],
  'framework/tools': [],
  ...ofValidation({
    cli: 'config server runs/life runs/judging runs/retention runs/inputs runs/store notify schedule preflight graph report checks makeflow workflow step logs input units',
    config: 'server runs/retention notify preflight checks input',
    server:
      'runs/judging runs/retention runs/inputs runs/store preflight graph report checks workflow step logs files input statistics units',
    'runs/life':
      'runs/local runs/execution runs/judging runs/retention runs/inputs runs/store notify schedule preflight report checks makeflow workflow step files input units',
    'runs/local': 'runs/store workflow input',
    'runs/execution': 'runs/judging runs/inputs runs/store report checks makeflow step',
    'runs/judging': 'runs/store report checks input',
    'runs/retention': 'runs/store input units',
    'runs/inputs': 'runs/store workflow step files input',
    'runs/store': 'report checks step logs input statistics',
    notify: 'report workflow net input units',
    schedule: 'report workflow step net input units',
    preflight: 'report workflow files input units',
    web: 'graph report statistics units',
    graph: 'report input units',
    checks: 'report input statistics units',
    report: 'statistics units',
    makeflow: 'step',
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

/** The two commands meet in `relval --local`, in that both read the catalog, and in how both guard their HTTP servers. */
const MEET: Readonly<Record<string, readonly string[]>> = {
  'validation/runs/local/local.ts': [
    'framework',
    'framework/local',
    'framework/mesos',
    'framework/ops',
    'framework/scheduler',
  ],
  'validation/runs/local/containers.ts': ['framework', 'framework/local'],
  'validation/preflight/places.ts': ['framework/workqueue'],
  'validation/cli/main.ts': ['framework/tools'],
  'validation/runs/store/provenance.ts': ['framework/tools'],
  'validation/server/guard.ts': ['framework/http'],
  'validation/server/server.ts': ['framework/http'],
  'validation/server/upgrades.ts': ['framework/http'],
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

/** The innermost folder of the table that a file lies in: `validation/runs/store/lock.ts` → `validation/runs/store`. */
function folderOf(file: string): string | undefined {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) if (folder in MAY_LOAD) return folder;
  return undefined;
}

/** The files that a source file loads; `import type`, and imports of nothing but types, do not. */
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
          wrong.push(`${file} loads ${target}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(500);
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

  it('tells what is loaded from what is only a type', () => {
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
