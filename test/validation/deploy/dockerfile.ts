/** One instruction of a Dockerfile, lines joined, comments left out. */
export interface Instruction {
  line: number;
  name: string;
  text: string;
}

export function parseDockerfile(source: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [index, line] of source.split('\n').entries()) {
    if (line.trim() === '' || /^\s*#/.test(line)) continue;
    const text = line.replace(/\\\s*$/, '').trim();
    if (open) open.text = `${open.text} ${text}`.trim();
    else {
      const [, name = '', rest = ''] = /^\s*([A-Za-z]+)\s*(.*)$/.exec(text) ?? [];
      open = { line: index + 1, name: name.toUpperCase(), text: rest };
      found.push(open);
    }
    if (!/\\\s*$/.test(line)) open = undefined;
  }
  return found;
}

/** What is wrong with a Dockerfile, `LINE: PROBLEM` each. */
export function lintDockerfile(source: string): string[] {
  const instructions = parseDockerfile(source);
  const problems: string[] = [];
  const complain = ({ line }: Instruction, problem: string) => problems.push(`${line}: ${problem}`);
  const defaults = new Map<string, string>();
  const stages = new Set<string>();
  for (const instruction of instructions) {
    const { name, text } = instruction;
    if (name === 'ARG') {
      const [key = '', value = ''] = text.split(/=(.*)/s);
      defaults.set(key, value);
    }
    if (name === 'FROM') {
      const [image = '', , stage] = text.split(/\s+/);
      if (stage !== undefined) stages.add(stage);
      const argument = /^\$\{(\w+)\}$/.exec(image)?.[1];
      if (argument === undefined) complain(instruction, 'FROM takes its image from an ARG');
      const pinned = defaults.get(argument ?? '') ?? image;
      if (!/@sha256:|:[^/]+$/.test(pinned)) complain(instruction, `${pinned || image} has neither tag nor digest`);
      if (/:latest$/.test(pinned)) complain(instruction, `${pinned}: latest is no version`);
    }
    if (name === 'ADD') complain(instruction, 'COPY, or curl with a checksum, in the place of ADD');
    if (name === 'RUN' && /\bapt-get\b/.test(text)) {
      if (!text.includes('--no-install-recommends')) complain(instruction, 'apt-get without --no-install-recommends');
      if (!text.includes('/var/lib/apt/lists')) complain(instruction, 'package lists of apt-get are left');
    }
    if (name === 'RUN' && /\bsudo\b|curl[^|]*\|\s*(ba)?sh/.test(text))
      complain(instruction, 'sudo, or a script run unread');
    if (name === 'COPY' && /--from=(\S+)/.test(text) && !stages.has(/--from=(\S+)/.exec(text)?.[1] ?? ''))
      complain(instruction, 'COPY --from a stage that is not there');
    if (/(PASSWORD|SECRET|TOKEN)\w*=/i.test(text) && (name === 'ARG' || name === 'ENV'))
      complain(instruction, 'a secret in the image');
  }
  const last = instructions.findLastIndex(({ name }) => name === 'FROM');
  const final = instructions.slice(last);
  const user = final.findLast(({ name }) => name === 'USER');
  if (!user || /^(root|0)(:|$)/.test(user.text)) problems.push(`${user?.line ?? 1}: the image runs as root`);
  if (!final.some(({ name }) => name === 'HEALTHCHECK')) problems.push('1: no HEALTHCHECK');
  for (const label of ['title', 'description', 'version', 'revision']) {
    if (!final.some(({ name, text }) => name === 'LABEL' && text.includes(`org.opencontainers.image.${label}=`)))
      problems.push(`1: no label org.opencontainers.image.${label}`);
  }
  return problems;
}
