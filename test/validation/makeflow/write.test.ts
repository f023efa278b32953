import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MakeflowError, writeMakeflow } from '../../../validation/makeflow/write.ts';
import type { InputFile, Plan, Step } from '../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep, monteCarlo } from '../plans.ts';

let scratch: string;
let target: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'relval-write-'));
  target = join(scratch, 'flow');
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const write = (plan: Plan, phase?: number) => writeMakeflow(plan, target, phase, { patterns: ['Killed', '', 'a: b'] });
const read = (file: string): string => readFileSync(join(target, file), 'utf8');

function sent(name: string, text = name): InputFile {
  const source = join(scratch, `source-${Buffer.from(name).toString('hex')}`);
  writeFileSync(source, text);
  return { kind: 'sent', name, unpack: false, source };
}

/** What makeflow itself reads: sources and targets of each rule, by its JSON view of the file. */
function parsed(file: string): { inputs: string[]; outputs: string[]; command: string; category: string }[] {
  const env = { ...process.env, OMPI_MCA_ess_singleton_isolated: '1' };
  const options = { cwd: target, env, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const text = execFileSync('makeflow_viz', ['-D', 'json', file], options);
  const { rules } = JSON.parse(text);
  const names = (files: (string | { dag_name: string })[] = []): string[] =>
    files.map((each) => (typeof each === 'string' ? each : each.dag_name)).sort();
  return rules.map((rule: Record<string, never>) => ({
    ...rule,
    inputs: names(rule.inputs),
    outputs: names(rule.outputs),
  }));
}

describe('a Makeflow file', () => {
  it('has a rule for every step, in order, with only ids in it', async () => {
    const plan = monteCarlo(2);
    const [written] = await write(plan);
    expect(written).toMatchObject({ phase: 0, file: 'Makeflow.0' });
    expect(written?.steps.map(({ id }) => id)).toEqual(plan.steps.map(({ id }) => id));
    const lines = read('Makeflow.0')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(lines.slice(0, 7)).toEqual([
      'export RELVAL_LOGS',
      'CATEGORY=sim',
      'CORES=1',
      'MEMORY=100',
      'DISK=100',
      'sim0001.result.json sim0001.stdout.log sim0001.stderr.log sim0001.logs sim0001.validation_report.txt: relval-step.sh sim.stage relval-patterns',
      '\texec ./relval-step.sh sim.stage sim0001 1',
    ]);
    expect(read('Makeflow.0')).toMatch(/^[\w \t\n#:.,/=-]*$/);
    expect(read('relval-patterns')).toBe('Killed\na: b\n');
    expect(statSync(join(target, 'relval-step.sh')).mode & 0o111).toBe(0o111);
  });

  it('is read by makeflow as it is meant', async () => {
    const made: InputFile[] = [
      { kind: 'made', name: 'timeBins.log', unpack: false, step: 'bins', file: 'timeBins.log' },
      { kind: 'made', name: 'r.txt', unpack: false, step: 'bins', file: 'validation_report.txt' },
    ];
    const bins = makeStep(
      makeStage('bins', { handsOn: ['timeBins.log', 'sub dir/b.txt'], inputs: [sent('a b.cfg'), sent('Custom.cfg')] }),
    );
    const maps = makeStep(
      makeStage('maps', { after: ['bins'], inputs: made, resources: { cores: 2, memory: 7, disk: 8 } }),
      undefined,
      { after: ['bins'] },
    );
    await write(makePlan([bins, maps]));
    const rules = parsed('Makeflow.0');
    expect(rules).toHaveLength(2);
    const of = (id: string) => rules.find(({ command }) => command.includes(` ${id} `));
    expect(of('bins')?.command).toBe('exec ./relval-step.sh bins.stage bins 0');
    expect(of('bins')?.outputs).toContain('bins.timeBins.log');
    expect(of('bins')?.outputs).toHaveLength(7);
    expect(of('bins')?.inputs).toHaveLength(5);
    expect(of('bins')?.inputs).toContain('Custom.cfg');
    expect(of('maps')?.inputs).toEqual([
      'bins.result.json',
      'bins.timeBins.log',
      'bins.validation_report.txt',
      'maps.stage',
      'relval-patterns',
      'relval-step.sh',
    ]);
    expect(of('maps')?.category).toBe('maps');
  });

  it('gives inputs safe names that nothing else has', async () => {
    const generated = (text: string): InputFile => ({
      kind: 'generated',
      name: 'list.txt',
      unpack: false,
      lines: () => [text],
    });
    const names = [
      'Makeflow.0',
      'relval-step.sh',
      'sim.stage',
      'one.result.json',
      '-x',
      '.hidden',
      'ünï',
      'a b',
      'q\'u"o$te;',
    ];
    const one = makeStage('one', { inputs: [...names.map((name) => sent(name)), generated('first')] });
    const two = makeStage('two', { inputs: [sent('a b'), generated('second')] });
    await write(makePlan([makeStep(one), makeStep(two)]));
    const files = readdirSync(target);
    expect(files.every((name) => /^[A-Za-z0-9_][\w.-]*$/.test(name))).toBe(true);
    const placed = files.filter((name) => !/^(Makeflow\.0|relval-.*|(one|two)\.stage)$/.test(name));
    expect(placed).toHaveLength(names.length + 2);
    expect(placed.map(read).sort()).toEqual([...names, 'first\n', 'second\n'].sort());
    expect(read('Makeflow.0')).toContain('# Written by relval');
  });

  it('sends what differs between steps as data', async () => {
    const stage = makeStage('cpass0');
    await write(
      makePlan([
        makeStep(stage, 0, { inputFile: "root://h//a b'c" }),
        makeStep(stage, 1, { extraArguments: ['1', '$(id)'] }),
        makeStep(stage, 2),
      ]),
    );
    expect(read('cpass0.steps').split('\n')).toEqual([
      `cpass00000 rv_input_file='a b'\\''c'`,
      `cpass00001 rv_extra_arguments=('1' '$(id)')`,
      'cpass00002 :',
      '',
    ]);
    expect(read('Makeflow.0')).toContain('relval-step.sh cpass0.stage cpass0.steps relval-patterns');
  });

  it('puts a join between many steps and many steps', async () => {
    const a = Array.from({ length: 60 }, (_, n) => makeStep(makeStageOnce('a'), n));
    const ids = a.map(({ id }) => id);
    const b = Array.from({ length: 70 }, (_, n) => makeStep(makeStageOnce('b'), n, { after: ids }));
    const merge = makeStep(makeStage('merge', { after: ['a'] }), undefined, { after: ids });
    const [written] = await write(makePlan([...a, ...b, merge]));
    expect(written?.steps).toHaveLength(131);
    const rules = parsed('Makeflow.0');
    expect(rules).toHaveLength(132);
    expect(rules.find(({ command }) => command.includes(' b0007 '))?.inputs).toEqual([
      'b.stage',
      'join-0-0.result.json',
      'relval-patterns',
      'relval-step.sh',
    ]);
    expect(rules.find(({ command }) => command.includes(' join-0-0 '))?.inputs).toHaveLength(63);
  });

  it('puts several joins behind so many steps that makeflow could not read their names in one rule', async () => {
    const stage = makeStage('a', { onFailure: 'stop' });
    const a = Array.from({ length: 12_000 }, (_, n) => makeStep(stage, n, { id: `${'long'.repeat(24)}${n}` }));
    const merge = makeStep(makeStage('merge', { after: ['a'] }), undefined, { after: a.map(({ id }) => id) });
    await write(makePlan([...a, merge]));
    const rules = parsed('Makeflow.0');
    expect(rules).toHaveLength(12_004);
    const joins = ['join-0-0', 'join-0-1', 'join-0-2'];
    expect(rules.find(({ command }) => command.includes(' merge '))?.inputs).toEqual([
      ...joins.map((join) => `${join}.result.json`),
      'merge.stage',
      'relval-patterns',
      'relval-step.sh',
    ]);
    expect(read('merge.stage')).toContain(`rv_waits=(${joins.join(' ')})`);
    const awaited = rules.slice(-3).flatMap(({ inputs }) => inputs.filter((name) => name.endsWith('.result.json')));
    expect(new Set(awaited).size).toBe(12_000);
  });

  it('refuses a step with more files than makeflow can wait for', async () => {
    const stage = makeStage('a', { handsOn: ['hits.root'] });
    const a = Array.from({ length: 12_000 }, (_, n) => makeStep(stage, n, { id: `${'long'.repeat(24)}${n}` }));
    const ids = a.map(({ id }) => id);
    const inputs = ids.map(
      (step): InputFile => ({ kind: 'made', name: `${step}.root`, unpack: false, step, file: 'hits.root' }),
    );
    const merge = makeStep(makeStage('merge', { after: ['a'], inputs }), undefined, { after: ids });
    await expect(write(makePlan([...a, merge]))).rejects.toThrow(
      'step merge needs 12006 files, more than makeflow can wait for in one rule',
    );
    expect(readdirSync(scratch)).toEqual([]);
  });
});

const once = new Map<string, ReturnType<typeof makeStage>>();
function makeStageOnce(name: string): ReturnType<typeof makeStage> {
  const stage = once.get(name) ?? makeStage(name, { after: name === 'b' ? ['a'] : [] });
  once.set(name, stage);
  return stage;
}

describe('the directory', () => {
  it('is written whole or not at all', async () => {
    const gone: InputFile = { kind: 'sent', name: 'x', unpack: false, source: join(scratch, 'nowhere') };
    await expect(write(makePlan([makeStep(makeStage('s', { inputs: [gone] }))]))).rejects.toThrow(
      new MakeflowError(`input file ${scratch}/nowhere does not exist`),
    );
    const folder: InputFile = { ...gone, source: scratch } as InputFile;
    await expect(write(makePlan([makeStep(makeStage('s', { inputs: [folder] }))]))).rejects.toThrow('is not a file');
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('is not one that has something in it', async () => {
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), 'x');
    await expect(write(monteCarlo(1))).rejects.toThrow(MakeflowError);
    await expect(write(monteCarlo(1), 1)).rejects.toThrow('is not empty');
    expect(readdirSync(target)).toEqual(['mine']);
    rmSync(join(target, 'mine'));
    await write(monteCarlo(1));
    expect(existsSync(join(target, 'Makeflow.0'))).toBe(true);
  });

  it('cannot be below a file, and says so', async () => {
    writeFileSync(target, '');
    await expect(write(monteCarlo(1))).rejects.toThrow('Name another directory');
  });

  it('has the phases before the first one that is not known, and lists no steps of that', async () => {
    const bins = makeStage('bins');
    const maps = makeStage('maps', { phase: 1, after: ['bins'] });
    const lines = (): string[] => {
      throw new Error('not known');
    };
    const calib = makeStage('calib', {
      phase: 1,
      after: ['maps'],
      inputs: [{ kind: 'generated', name: 'maps.txt', unpack: false, lines }],
    });
    const steps = [makeStep(bins), makeStep(calib, undefined, { after: ['bins'] })];
    const pending = [{ stage: 'maps', file: 'bins.log', madeBy: 'bins' }];
    const written = await write(makePlan(steps, { stages: [bins, maps, calib], pending }));
    expect(written.map(({ phase }) => phase)).toEqual([0]);
    expect(readdirSync(target).filter((name) => /^(Makeflow|maps|calib)/.test(name))).toEqual(['Makeflow.0']);
  });

  it('takes later phases beside the earlier ones', async () => {
    const first = makeStep(makeStage('first', { handsOn: ['bins'], onFailure: 'stop' }));
    const late = makeStage('late', {
      phase: 1,
      after: ['first'],
      inputs: [{ kind: 'made', name: 'bins', unpack: false, step: 'first', file: 'bins' }],
    });
    const before = makePlan([first], { stages: [first.stage, late], phases: 2 });
    expect((await write(before)).map(({ phase }) => phase)).toEqual([0]);
    writeFileSync(join(target, 'Makeflow.0.makeflowlog'), 'kept');
    const after = makePlan([first, makeStep(late, 1, { after: ['first'] })]);
    expect(await write(after, 1)).toMatchObject([{ phase: 1, file: 'Makeflow.1' }]);
    expect(read('Makeflow.0.makeflowlog')).toBe('kept');
    expect(read('Makeflow.1')).toContain(': relval-step.sh late.stage relval-patterns first.bins first.result.json\n');
    expect(read('late.stage')).toContain('rv_waits=(first)');
    expect(readdirSync(scratch)).toEqual(['flow']);
  });

  it.each([
    ['two steps of one id', () => makePlan([makeStep(makeStage('a')), makeStep(makeStage('a'))]), 'the same id'],
    ['an id that is none', () => makePlan([{ ...makeStep(makeStage('a')), id: 'a b' }]), 'only letters and digits'],
    [
      'a step that waits for nobody',
      () => makePlan([makeStep(makeStage('a'), 1, { after: ['b'] })]),
      'not in the plan',
    ],
    [
      'an input that nobody makes',
      () =>
        makePlan([
          makeStep(makeStage('a', { inputs: [{ kind: 'made', name: 'x', unpack: false, step: 'b', file: 'x' }] })),
        ]),
      'no step makes',
    ],
    [
      'a quote without end',
      () => makePlan([makeStep(makeStage('a', { argumentsTemplate: "it's" }))]),
      'a quote is not closed',
    ],
    [
      'a format that is none',
      () => makePlan([makeStep(makeStage('a', { argumentsTemplate: '#alien_counter_5s#' }))]),
      'not a printf format',
    ],
    [
      'a variable that is none',
      () => makePlan([makeStep(makeStage('a', { environment: [['A-B', '']] }))]),
      'A-B cannot be',
    ],
  ])('is not written for a plan with %s', async (_, plan, message) => {
    await expect(write(plan())).rejects.toThrow(message);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('does not become readable for more, or executable for less, than its makers meant', async () => {
    const input = sent('tool.sh');
    if (input.kind === 'sent') chmodSync(input.source, 0o750);
    await write(makePlan([makeStep(makeStage('a', { inputs: [input] }))]));
    expect(statSync(join(target, 'tool.sh')).mode & 0o777).toBe(0o750);
    expect(statSync(target).mode & 0o777).toBe(0o777 & ~process.umask());
  });
});

describe('large flows', () => {
  it('are written as a stream', async () => {
    const plans = [1000, 10_000, 100_000].map((jobs): [number, Step[]] => [jobs, monteCarlo(jobs).steps]);
    for (const [jobs, steps] of plans) {
      const before = performance.now();
      await write(makePlan(steps));
      const time = performance.now() - before;
      console.log(`${jobs} sim jobs written in ${time.toFixed(0)} ms`);
      expect(time).toBeLessThan(60_000);
      expect(read('Makeflow.0').match(/^\t(?!.* join-)/gm)).toHaveLength(jobs + 4);
      rmSync(target, { recursive: true });
    }
  });
});
