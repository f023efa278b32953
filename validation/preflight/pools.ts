import { z } from 'zod';
import type { Check } from './check.ts';
import type { FrameworkAnswer } from './framework.ts';

const stateSchema = z.object({ pools: z.array(z.object({ name: z.string(), image: z.string().optional() })) });

/**
 * Whether a pool has the image that a run on a cluster is to have: workers of another one never come to it.
 * @param frameworks those that are known; there may be others
 */
export function checkPools(image: string, frameworks: readonly FrameworkAnswer[]): Check {
  const name = `image ${image}`;
  if (frameworks.length === 0) {
    const found = 'which images the pools have is not known here: no frameworks in relval.yaml, section serve';
    return { name, state: 'skipped', found };
  }
  const readable = frameworks.flatMap(({ state }) => stateSchema.safeParse(state).data ?? []);
  const pools = readable.flatMap((state) => state.pools);
  const having = pools.filter((pool) => pool.image === image).map((pool) => pool.name);
  if (having.length > 0) return { name, state: 'ok', found: `workers of pool ${having.join(', ')} have it` };
  if (readable.length < frameworks.length) {
    const why = frameworks.map(({ url, error = 'it says nothing of its pools' }) => `${url}: ${error}`);
    return { name, state: 'warning', found: `which images the pools have cannot be asked: ${why.join('; ')}` };
  }
  const others = [...new Set(pools.map((pool) => pool.image ?? 'none'))].join(', ');
  return {
    name,
    state: 'failed',
    found: `no pool has it; the pools have ${others}`,
    advice:
      'choose one of these, letter by letter, or have a pool with this image added to the framework (docs/framework.md)',
  };
}
