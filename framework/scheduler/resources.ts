import type { Offer, Resource } from '../mesos/messages.ts';
import type { Shape } from './pool.ts';

/** Mesos counts scalars to three decimals (values.cpp): whole thousandths keep sums exact. */
const THOUSANDTHS = 1000;
const toThousandths = (value: number): number => Math.round(value * THOUSANDTHS);

const NAMES = [
  ['cores', 'cpus'],
  ['memory', 'mem'],
  ['disk', 'disk'],
] as const;

/** The resources of one name that may be taken together, most deeply reserved first: nobody else can use those. */
interface Stock {
  entries: { resource: Resource; left: number }[];
  /** Thousandths. */
  left: number;
}

/**
 * A resource that a worker may use is a plain scalar. Shared ones, and disks with a source or a persistent volume, are
 * other things of the same name (reference: sum only what you may use).
 */
function isUsable({ scalar, shared, disk }: Resource): boolean {
  return scalar !== undefined && shared === undefined && disk?.persistence === undefined && disk?.source === undefined;
}

/** The free resources of one agent for one role, from one or several of its offers. */
export class FreeResources {
  readonly #firm: Record<keyof Shape, Stock>;
  readonly #revocable: Record<keyof Shape, Stock>;

  constructor(offers: readonly Offer[]) {
    const usable = offers.flatMap(({ resources }) => resources ?? []).filter(isUsable);
    this.#firm = stocksOf(usable.filter(({ revocable }) => revocable === undefined));
    this.#revocable = stocksOf(usable.filter(({ revocable }) => revocable !== undefined));
  }

  /** What a worker could have, at most, of each. */
  largest(revocable: boolean): Shape {
    const most = (key: keyof Shape): number => {
      const left = Math.max(this.#firm[key].left, revocable ? this.#revocable[key].left : 0);
      return left / THOUSANDTHS;
    };
    return { cores: most('cores'), memory: most('memory'), disk: most('disk') };
  }

  fits(shape: Shape, revocable: boolean): boolean {
    return NAMES.every(([key]) => this.#stockFor(key, toThousandths(shape[key]), revocable) !== undefined);
  }

  /**
   * Takes a worker's resources out, and returns them in the form in which they were offered: a task that names them
   * differently is refused with TASK_ERROR.
   * @param revocable whether revocable ones may be taken; they are then preferred
   * @returns undefined, with nothing taken, when it does not fit
   */
  take(shape: Shape, revocable: boolean): Resource[] | undefined {
    const taken: Resource[] = [];
    if (!this.fits(shape, revocable)) return undefined;
    for (const [key] of NAMES) {
      const amount = toThousandths(shape[key]);
      const stock = this.#stockFor(key, amount, revocable);
      if (stock) takeFrom(stock, amount, taken);
    }
    return taken;
  }

  /** Mesos refuses a task that mixes revocable and other resources of one name, so one stock must do. */
  #stockFor(key: keyof Shape, amount: number, revocable: boolean): Stock | undefined {
    if (revocable && this.#revocable[key].left >= amount) return this.#revocable[key];
    return this.#firm[key].left >= amount ? this.#firm[key] : undefined;
  }
}

function stocksOf(resources: Resource[]): Record<keyof Shape, Stock> {
  const stocks = NAMES.map(([key, name]): [keyof Shape, Stock] => {
    const entries = resources
      .filter((resource) => resource.name === name)
      .map((resource) => ({ resource, left: toThousandths(resource.scalar?.value ?? 0) }))
      .sort((a, b) => reservationDepth(b.resource) - reservationDepth(a.resource));
    return [key, { entries, left: entries.reduce((sum, { left }) => sum + left, 0) }];
  });
  return Object.fromEntries(stocks) as Record<keyof Shape, Stock>;
}

function takeFrom(stock: Stock, amount: number, taken: Resource[]): void {
  let missing = amount;
  for (const entry of stock.entries) {
    const part = Math.min(missing, entry.left);
    if (part <= 0) continue;
    entry.left -= part;
    missing -= part;
    taken.push({ ...entry.resource, scalar: { value: part / THOUSANDTHS } });
  }
  stock.left -= amount;
}

function reservationDepth(resource: Resource): number {
  return resource.reservations?.length ?? (resource.reservation ? 1 : 0);
}
