import { expect, it } from 'vitest';
import { Turns } from '../../../framework/net/turns.ts';

/** Work that ends when it is told to, and the names of what has begun. */
function watched(atOnce: number) {
  const turns = new Turns(atOnce);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const give = (kind: string | undefined, name: string) =>
    turns.take(kind, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    });
  const end = async (name: string, error?: Error) => {
    ends.get(name)?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun, give, end };
}

it('starts work of one kind together, up to the limit', async () => {
  const { begun, give, end } = watched(2);
  const all = ['a', 'b', 'c'].map((name) => give('kill', name));
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c']) await end(name);
  await expect(Promise.all(all)).resolves.toEqual(['a', 'b', 'c']);
});

it('starts work of another kind only when all before it has ended, and lets nothing overtake it', async () => {
  const { begun, give, end } = watched(8);
  for (const [kind, name] of [
    ['accept', 'a'],
    ['accept', 'b'],
    ['kill', 'c'],
    ['accept', 'd'],
  ] as const) {
    void give(kind, name);
  }
  expect(begun).toEqual(['a', 'b']);
  await end('a');
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('c');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

it('lets work without a kind go alone', async () => {
  const { begun, give, end } = watched(8);
  void give(undefined, 'a');
  void give(undefined, 'b');
  expect(begun).toEqual(['a']);
  await end('a');
  expect(begun).toEqual(['a', 'b']);
});

it('goes on after work that fails, and tells when nothing is left', async () => {
  const { turns, begun, give, end } = watched(1);
  const first = give('kill', 'a');
  const second = give('kill', 'b');
  let isIdle = false;
  const idle = turns.idle().then(() => {
    isIdle = true;
  });
  await Promise.all([expect(first).rejects.toThrow('lost'), end('a', new Error('lost'))]);
  expect(begun).toEqual(['a', 'b']);
  expect(isIdle).toBe(false);
  await end('b');
  await expect(second).resolves.toBe('b');
  await idle;
  await turns.idle();
});
