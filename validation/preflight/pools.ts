import { z } from 'zod';
import type { Check } from './check.ts';
import type { FrameworkAnswer } from './framework.ts';

const stateSchema = z.object({ pools: z.array(z.object({ name: z.string(), image: z.string().optional() })) });

/**
 * Whether a pool has the image of a run on a cluster: workers with another image do not serve it.
 * @param frameworks the known ones; there may be others
 */
export function checkPools(image: string, frameworks: readonly FrameworkAnswer[]): Check {
  const name = `image ${image}`;
  if (frameworks.length === 0) {
    const found =
      'the images of the pools are not known here, because section serve of relval.yaml names no frameworks';
    return { name, state: 'skipped', found };
  }
  const readable = frameworks.flatMap(({ state }) => stateSchema.safeParse(state).data ?? []);
  const pools = readable.flatMap((state) => state.pools);
  const having = pools.filter((pool) => pool.image === image).map((pool) => pool.name);
  if (having.length > 0) return { name, state: 'ok', found: `workers of pool ${having.join(', ')} have it` };
  if (readable.length < frameworks.length) {
    const why = frameworks.map(({ url, error = 'it says nothing of its pools' }) => `${url}: ${error}`);
    return { name, state: 'warning', found: `cannot ask which images the pools have: ${why.join('; ')}` };
  }
  const others = [...new Set(pools.map((pool) => pool.image ?? 'none'))].join(', ');
  return {
    name,
    state: 'failed',
    found: `no pool has it. The pools have ${others}`,
    advice: 'use exactly one of these images, or add a pool with this image to the framework (docs/framework.md)',
  };
}
