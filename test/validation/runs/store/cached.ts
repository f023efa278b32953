import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** Changes the content of a cache file as relval itself would do it: the checksum in its first line is right afterwards. */
export function changeCache(path: string, change: (content: string) => string): void {
  const [head = '', ...content] = readFileSync(path, 'utf8').split('\n');
  const changed = change(content.join('\n'));
  const sum = createHash('sha256').update(changed).digest('hex');
  writeFileSync(path, `${head.replace(/\S+$/, sum)}\n${changed}`);
}
