import { baseName } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import type { Path } from '../input/yaml-file.ts';
import { itemsOf, type Values } from '../jdl/keys.ts';
import { findFile, inputFile } from './inputs.ts';
import type { InputFile } from './plan.ts';
import type { StageData } from './schema.ts';
import type { StageContext } from './stage.ts';

/** All inputs in the directory of a stage's steps: those of the JDL, those of the stage, and the executable. */
export function inputsOf(
  data: StageData,
  own: Values,
  executable: string,
  at: (path: Path) => Position,
  fill: (text: string, path: Path) => string,
  loose: boolean,
  context: StageContext,
): InputFile[] {
  const inputs = new Map<string, InputFile>();
  const add = (input: InputFile) => {
    const other = inputs.get(input.name);
    if (other && inputText(other) !== inputText(input)) {
      const warning = `two input files have the name ${input.name}: ${inputText(input)} is used, ${inputText(other)} is not`;
      if (!context.warnings.includes(warning)) context.warnings.push(warning);
    }
    inputs.set(input.name, input);
  };
  for (const { text, at: place } of itemsOf(own, 'InputFile')) {
    if (!(text.startsWith('LF:') ? baseName(text) : text).startsWith('OCDB'))
      add(inputFile(text, context.local, place));
  }
  for (const [i, input] of (data.inputs ?? []).entries()) {
    const place = at(['inputs', i]);
    if (typeof input === 'string')
      add(storedOrLocal(fill(input, ['inputs', i]), input.startsWith('{{'), place, context));
    else if ('optional' in input) addFound(input.optional);
    else if (!('when' in input) || input.when === (loose ? 'loose' : 'archived')) {
      for (const made of context.generated(input, data, place)) add(made);
    }
  }
  if (data.command) {
    const text = `#!/bin/bash\nset -e\n${data.command.replace(/\n$/, '')}`;
    add({ kind: 'generated', name: commandFile(data), unpack: false, lines: () => text.split('\n') });
  } else addFound(baseName(executable));
  return [...inputs.values()];

  function addFound(name: string): void {
    const source = findFile(name, context.payloadFolders);
    if (source && !inputs.has(name)) add({ kind: 'sent', name, unpack: false, source });
  }
}

/** Files that an earlier stage stored below a relative OutputDir are on the worker, not here. */
function storedOrLocal(text: string, stored: boolean, at: Position, context: StageContext): InputFile {
  if (!stored || /^(\/|[A-Za-z][\w+.-]*:)/.test(text)) return inputFile(text, context.local, at);
  const unpack = text.endsWith(',unpack');
  const path = unpack ? text.slice(0, -',unpack'.length) : text;
  return { kind: 'worker', name: baseName(path), unpack, path };
}

/** An input in the form of a JDL. */
export function inputText(input: InputFile): string {
  const place = input.kind === 'worker' ? input.path : input.kind === 'xrootd' ? input.url : input.name;
  return input.unpack ? `${place},unpack` : place;
}

/** The file with the command of a stage. */
export function commandFile(data: StageData): string {
  return `${data.name}.sh`;
}
