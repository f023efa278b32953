import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startMakeflow } from '../../../validation/makeflow/run.ts';
import { writeMakeflow } from '../../../validation/makeflow/write.ts';
import { parseResult } from '../../../validation/step/result.ts';
import type { InputFile } from '../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';
import { Scratch } from '../step/sandbox.ts';

/** Names that file systems allow. Makeflow reads many of them as something else. */
const NAMES = [
  'geometry--v2.C',
  '--option',
  'a--',
  'x---y.root',
  '-rf',
  '-',
  'a-',
  'a.-b',
  'a->b',
  'a<-b>',
  'a,b.C',
  'a:b.C',
  'root:x',
  'a=b',
  'CATEGORY=x',
  'a@b',
  '@',
  '~',
  '~root',
  'a~b',
  '#begin',
  'a#b',
  'a b.C',
  ' begin and end ',
  'tab\there',
  'line\nfeed',
  `"double" 'single'`,
  'back\\slash\\',
  '$HOME',
  '$(id)',
  '`id`',
  '%d%s',
  '*',
  '?',
  '[ab]',
  '{a,b}',
  'a;b|c&d',
  '(a)',
  '!x',
  'a+b^c',
  '.hidden',
  '..x',
  'export',
  'LOCAL',
  '.MAKEFLOW',
  'Makeflow.0',
  'makeflow.log',
  'relval-step.sh',
  'relval-patterns',
  'use.stage',
  'use.sh',
  'use',
  'use.result.json',
  'é漢字😀',
  'e\u0301',
  'a'.repeat(255),
  `${'b'.repeat(253)}--`,
  '1'.repeat(129),
];

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

/** An input of this machine with its name as its content. */
function sent(name: string, folder: string): InputFile {
  const source = join(scratch.path, folder, Buffer.from(name).toString('hex').slice(0, 200));
  mkdirSync(join(scratch.path, folder), { recursive: true });
  writeFileSync(source, `${folder} ${name}`);
  return { kind: 'sent', name, unpack: false, source };
}

describe('input files', () => {
  it('reach the payload under their own names, whatever makeflow reads into these', async () => {
    const made = NAMES.filter((name) => name.length < 100);
    const quoted = made.map((name) => `'${name.replaceAll("'", "'\\''")}'`).join(' ');
    const payload = `for n in ${quoted}; do printf %s "made $n" >"./$n" || exit; done`;
    const make = makeStage('make', {
      executable: 'x.sh',
      inputs: [scratch.script('x.sh', payload)],
      handsOn: made,
    });
    const show = scratch.script('show.sh', 'for f in * .[!.]* ..?*; do printf "%s\\0%s\\0" "$f" "$(cat "./$f")"; done');
    const use = makeStage('use', { executable: 'show.sh', inputs: [show, ...NAMES.map((name) => sent(name, 'one'))] });
    const twice = makeStage('twice', {
      executable: 'show.sh',
      inputs: [show, ...NAMES.map((name) => sent(name, 'two'))],
    });
    const later = makeStage('later', {
      executable: 'show.sh',
      after: ['make'],
      inputs: [
        show,
        ...made.map((name): InputFile => ({ kind: 'made', name, unpack: false, step: 'make', file: name })),
      ],
    });
    const steps = [make, use, twice].map((stage) => makeStep(stage));
    const plan = makePlan([...steps, makeStep(later, undefined, { after: ['make'] })]);
    const directory = join(scratch.path, 'flow');
    await writeMakeflow(plan, directory, undefined, { patterns: [], copyPause: 0 });
    const makeflow = await startMakeflow({ directory, file: 'Makeflow.0', retries: 0, batch: { type: 'local' } });
    onTestFinished(() => makeflow.kill());
    const { code } = await makeflow.exited;
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    expect(code, read('Makeflow.0.stderr')).toBe(0);

    for (const [step, folder, names] of [
      ['use', 'one', NAMES],
      ['twice', 'two', NAMES],
      ['later', 'made', made],
    ] as const) {
      expect(parseResult(read(`${step}.result.json`)), step).toMatchObject({ phase: 'done', message: '' });
      const said = read(`${step}.stdout.log`);
      const words = said.slice(said.indexOf('\n') + 1).split('\0');
      const seen = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1]] as const] : [])));
      for (const name of names)
        expect(seen.get(name), `${step}: ${name}`).toBe(`${folder} ${name}`.replace(/\n+$/, ''));
    }
  });
});
