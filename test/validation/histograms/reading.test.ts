import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sum } from '../../../validation/histograms/compare/chi2.ts';
import { compareFiles, type FileComparison } from '../../../validation/histograms/compare-files.ts';
import { type FoundObject, LIMITS } from '../../../validation/histograms/model.ts';
import type { LinePicture, MapPicture } from '../../../validation/histograms/show/picture.ts';
import { objectsIn as readObjects } from './objects.ts';
import { buildProgram, FIXTURES } from './program.ts';

const objectsIn = (name: string) => readObjects(join(FIXTURES, name));

function quantityOf(objects: Map<string, FoundObject>, name: string) {
  const what = objects.get(name)?.what;
  if (!what || !('quantity' in what)) throw new Error(`${name}: ${JSON.stringify(what)}`);
  return what.quantity;
}

describe('reading', () => {
  it('finds histograms in directories and lists, and numbers a second one with the same name', async () => {
    expect([...(await objectsIn('qa_ref.root')).keys()]).toEqual([
      'hEvents',
      ...[
        'VertexZ',
        'PtShift',
        'EmptyBoth',
        'EmptyNew',
        'Rebinned',
        'Weighted',
        'VarBins',
        'Few',
        'OnlyRef',
        'NaN',
      ].map((name) => `QA/h${name}`),
      'QA/h2',
      'Lists/cQA/hChi2',
      'Lists/cQA/hNcls',
      'Lists/cQA/hChi2#2',
    ]);
  });

  it('takes the newest cycle, and names as they are', async () => {
    const objects = await objectsIn('special-names.root');
    expect([...objects.keys()]).toEqual(
      expect.arrayContaining(["quo'te", 'quote', 'sp ace;semi', '__proto__', 'constructor']),
    );
    expect(objects.get('utf8')?.title).toBe('p_{T} spectrum (GeV/c) – π⁺ η μm Ünïcode');
    expect([...objects.keys()].filter((name) => name === 'cyc')).toHaveLength(1);
    const cycles = quantityOf(objects, 'cyc');
    expect(cycles.kind === 'counts' && sum(cycles.content)).toBe(2);
    expect([...(await objectsIn('tree_cycles_hist.root')).keys()]).toEqual(['myTH1F', 'myTH1D', 'myTH2F', 'myTH2D']);
  });

  it.each([
    ['uproot-histograms.root', ['one', 'two', 'three'], 'counts'],
    ['uproot-issue213.root', ['gen_hit_time', 'gen_hits_xy_pos'], 'counts'],
    ['uproot-from-geant4.root', ['edep_inner', 'recon_orig'], 'counts'],
    ['gauss-h1.root', ['h1d', 'h1f', 'h1d-var', 'h1f-var'], 'counts'],
    ['divhist.root', ['DivHist/fNum', 'DivHist/fDen'], 'counts'],
    ['tprofile.root', ['p1d', 'p2d'], 'profile'],
    ['uproot-issue38c.root', ['TEfficiencyName'], 'efficiency'],
    ['tcanvas.root', ['c1/Graph'], 'points'],
    ['tgme.root', ['gme', 'mg/Graph', 'mg/Graph#2', 'mg/Graph#3'], 'points'],
  ])('of %s: %j', async (file, names, kind) => {
    const objects = await objectsIn(file);
    for (const name of names) expect(quantityOf(objects, name).kind, name).toBe(kind);
  });

  it('reads the numbers of the file', async () => {
    const cutflow = quantityOf(await objectsIn('uproot-issue33.root'), 'cutflow');
    if (cutflow.kind !== 'counts') throw new Error(cutflow.kind);
    expect(cutflow.entries).toBe(7);
    expect([...Array.from(cutflow.content)].slice(0, 3)).toEqual([0, 39_551, 27_951]);
    expect(cutflow.axes[0]?.labels?.size).toBe(7);
    const profile = quantityOf(await objectsIn('tprofile.root'), 'p1d');
    if (profile.kind !== 'profile') throw new Error(profile.kind);
    expect(sum(profile.sumW)).toBeGreaterThan(0);
    expect(profile.sumW).toHaveLength((profile.axes[0]?.bins ?? 0) + 2);
  });

  it('opens a valid file without objects', async () => {
    expect([...(await objectsIn('uproot-issue70.root')).keys()]).toEqual([]);
  });
});

describe('comparing files', () => {
  let built: Awaited<ReturnType<typeof buildProgram>>;
  beforeAll(async () => {
    built = await buildProgram();
  });
  afterAll(() => built.remove());
  const compare = (own: string, ...references: string[]): Promise<FileComparison> =>
    compareFiles(
      join(FIXTURES, own),
      references.map((name) => join(FIXTURES, name)),
      0,
      { program: built.program },
    );
  const differences = ({ objects }: FileComparison) =>
    objects
      .filter(({ state }) => state !== 'compatible' && state !== 'identical')
      .map(({ name, state }) => [name, state]);

  it('finds exactly the differences', async () => {
    const comparison = await compare('qa_new.root', 'qa_ref.root');
    expect(differences(comparison)).toEqual([
      ['QA/hPtShift', 'changed'],
      ['QA/hRebinned', 'rebinned'],
      ['QA/hEmptyNew', 'empty in one'],
      ['QA/hOnlyRef', 'only in the reference'],
      ['QA/hOnlyNew', 'only here'],
      ['QA/hNaN', 'not testable'],
    ]);
    expect(comparison.verdict).toBe('different');
    expect(comparison.reason).toMatch(/^QA\/hPtShift: mean 3\.\d+ → 3\.\d+ GeV\/c, .*χ²\/ndf [\d.]+ over \d+ bins/);
  });

  it('raises no alarm for statistical fluctuations', async () => {
    const comparison = await compare('qa_ref_seed2.root', 'qa_ref.root');
    expect([comparison.verdict, differences(comparison)]).toEqual(['compatible', []]);
  });

  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.root')))(
    '%s is identical with itself',
    async (name) => {
      const { objects, verdict, problems } = await compare(name, name);
      expect([verdict, problems]).toEqual(['compatible', []]);
      for (const { state, name: object, reason } of objects) {
        if (state !== 'not testable') expect(state, object).toBe('identical');
        else expect(reason).toMatch(/not a number or infinite/);
      }
    },
  );

  it('compares only the requested objects', async () => {
    const { objects } = await compareFiles(join(FIXTURES, 'qa_new.root'), [join(FIXTURES, 'qa_ref.root')], 0, {
      program: built.program,
      match: 'Lists/*2',
    });
    expect(objects.map(({ name }) => name)).toEqual(['Lists/cQA/hChi2', 'Lists/cQA/hChi2#2']);
  });

  it('makes pictures if requested', async () => {
    const options = { program: built.program, pictures: 1e6 };
    const of = async (file: string, match: string) => {
      const path = join(FIXTURES, file);
      return (await compareFiles(path, [path], 0, { ...options, match })).objects[0]?.picture;
    };
    const line = async (file: string, match: string) => (await of(file, match)) as LinePicture;
    const events = await line('qa_ref.root', 'hEvents');
    expect(events).toMatchObject({ edges: [0, 2], labels: ['all', 'accepted'], scale: 1 });
    expect(events.own).toEqual(events.reference);
    const means = await line('tprofile.root', 'p1d');
    expect(means.own.some((mean) => mean !== 0)).toBe(true);
    expect(means.ownError?.some((error) => error !== 0)).toBe(true);
    const rates = (await line('uproot-issue38c.root', 'TEff*')).own.map(Number);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1);
    expect((await line('tgme.root', 'mg/Graph')).own.length).toBeGreaterThan(0);
    const plane = (await of('tprofile.root', 'p2d')) as MapPicture;
    expect(plane.own).toHaveLength((plane.axes[0]?.cells ?? 0) * (plane.axes[1]?.cells ?? 0));
    expect(new Set(plane.pull)).toEqual(new Set([0]));
    expect(
      (
        await compareFiles(join(FIXTURES, 'qa_ref.root'), [join(FIXTURES, 'qa_ref.root')], 0, {
          ...options,
          pictures: 100,
        })
      ).objects.filter(({ picture }) => picture),
    ).toHaveLength(1);
  });

  it('reads a file with a thousand histograms quickly', async () => {
    const { writeHistograms } = await import('./root-writer.ts');
    const files = [1, 2].map((seed) => {
      const path = join(built.dir, `many${seed}.root`);
      const histograms = Array.from({ length: 1000 }, (_, i) => ({
        name: `h${i}`,
        content: Float32Array.from({ length: 100 }, (_, bin) => 50 + ((bin * 7 + i * 3 + seed) % 11)),
      }));
      writeHistograms(path, histograms, { compress: true });
      return path;
    });
    const before = await cpuSeconds(built.program, { file: files[0] as string, references: [] });
    const taken = await cpuSeconds(built.program, { file: files[0] as string, references: [files[1] as string] });
    // An idle machine needs 0.4 s. The limit allows for a busy one.
    expect(taken - before).toBeLessThan(2);
  });
});

/** User and system time of the reading program, in s. */
function cpuSeconds(program: string, request: { file: string; references: string[] }): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'bash',
      ['-c', 'TIMEFORMAT="%U %S"; time "$0" "$1"', process.execPath, program],
      (error, _, stderr) => {
        if (error) reject(error);
        else
          resolve(
            stderr
              .trim()
              .split(' ')
              .map(Number)
              .reduce((a, b) => a + b, 0),
          );
      },
    );
    child.stdin?.end(JSON.stringify({ ...request, rules: [], limits: LIMITS }));
  });
}
