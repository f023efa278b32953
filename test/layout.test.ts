import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/**
 * What the files of a folder may load, besides one another: imports point downwards only. Types are not asked about, since
 * nothing of them is left when it runs. `framework` is what lies in that folder itself.
 */
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  framework: ['ops', 'local', 'store', 'scheduler', 'mesos', 'workqueue'].map((name) => `framework/${name}`),
  'framework/ops': ['framework/scheduler'],
  'framework/local': ['framework/mesos', 'framework/store'],
  'framework/store': [],
  'framework/scheduler': ['framework/mesos'],
  'framework/mesos': [],
  'framework/workqueue': [],
  ...ofValidation({
    cli: 'config server runs notify schedule preflight graph report checks histograms makeflow workflow step jdl',
    config: 'server runs notify preflight checks workflow jdl',
    server: 'runs preflight graph report checks workflow step jdl',
    runs: 'report checks makeflow workflow step jdl',
    notify: 'report workflow',
    schedule: 'report workflow step jdl',
    preflight: 'report workflow jdl',
    web: 'graph report',
    graph: 'report jdl',
    report: '',
    checks: 'report workflow jdl',
    histograms: 'workflow jdl',
    makeflow: 'step',
    workflow: 'step jdl',
    step: 'jdl',
    jdl: '',
  }),
};

/** The two commands meet in `relval --local`, and in that both read the catalog. */
const MEET: Readonly<Record<string, readonly string[]>> = {
  'validation/runs/local.ts': [
    'framework',
    'framework/local',
    'framework/mesos',
    'framework/ops',
    'framework/scheduler',
  ],
  'validation/runs/containers.ts': ['framework', 'framework/local'],
  'validation/preflight/places.ts': ['framework/workqueue'],
};

function ofValidation(table: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(table).map(([name, others]) => [
      `validation/${name}`,
      others.split(' ').map((other) => `validation/${other}`),
    ]),
  );
}

/** `validation/jdl/parse.ts` → `validation/jdl`, `framework/main.ts` → `framework`. */
function folderOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 2).join('/');
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
        for (const from of loadedBy(readFileSync(join(ROOT, file), 'utf8'))) {
          const target = relative(ROOT, join(ROOT, dirname(file), from));
          const other = folderOf(target);
          seen++;
          if (other === folder || MAY_LOAD[folder]?.includes(other) || MEET[file]?.includes(other)) continue;
          wrong.push(`${file} loads ${target}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(500);
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
