import type { Shape } from '../../demand/demand.ts';
import type { Offer, Resource } from '../../mesos/messages.ts';
import { times, timesIn } from '../state/shape.ts';

/** Mesos counts scalars to three decimals (values.cpp): whole thousandths keep sums exact. */
const THOUSANDTHS = 1000;
const toThousandths = (value: number): number => Math.round(value * THOUSANDTHS);

const NAMES = [
  ['cores', 'cpus'],
  ['memory', 'mem'],
  ['disk', 'disk'],
  ['gpus', 'gpus'],
] as const;

/** The resources of one name that may be taken together, most deeply reserved first, because nobody else can use those. */
interface Stock {
  entries: { resource: Resource; left: number }[];
  /** Thousandths. */
  left: number;
}

/**
 * A worker may use plain scalar resources only. Shared resources, and disks with a source or a persistent volume, are
 * different things with the same name and do not count.
 */
function isUsable({ scalar, shared, disk }: Resource): boolean {
  return scalar !== undefined && shared === undefined && disk?.persistence === undefined && disk?.source === undefined;
}

/** The free resources of one agent for one role, from one or several of its offers. */
export class FreeResources {
  readonly #firm = noStocks();
  readonly #revocable = noStocks();

  constructor(offers: readonly Offer[]) {
    for (const { resources = [] } of offers) for (const resource of resources) this.#add(resource);
  }

  #add(resource: Resource): void {
    const key = NAMES.find(([, name]) => name === resource.name)?.[0];
    if (!key || !isUsable(resource)) return;
    const stock = (resource.revocable === undefined ? this.#firm : this.#revocable)[key];
    const left = toThousandths(resource.scalar?.value ?? 0);
    stock.entries.push({ resource, left });
    stock.left += left;
    if (stock.entries.length > 1) {
      stock.entries.sort((a, b) => reservationDepth(b.resource) - reservationDepth(a.resource));
    }
  }

  /** The largest worker that fits, for each resource. */
  largest(revocable: boolean): Shape {
    const most = (key: keyof Shape): number => {
      const left = Math.max(this.#firm[key].left, revocable ? this.#revocable[key].left : 0);
      return left / THOUSANDTHS;
    };
    const gpus = most('gpus');
    return { cores: most('cores'), memory: most('memory'), disk: most('disk'), ...(gpus > 0 && { gpus }) };
  }

  /** How many workers of a size fit, at most `most`, as one. */
  timesFitting(shape: Shape, most: number, revocable: boolean): number {
    let count = Math.min(most, Math.floor(timesIn(this.largest(revocable), shape) + 1e-9));
    while (count > 1 && !this.fits(times(shape, count), revocable)) count--;
    return Math.max(1, count);
  }

  fits(shape: Shape, revocable: boolean): boolean {
    return NAMES.every(([key]) => this.#stockFor(key, toThousandths(shape[key] ?? 0), revocable) !== undefined);
  }

  /**
   * Takes a worker's resources out and returns them in the form in which they were offered. Mesos refuses a task that
   * names them differently, with TASK_ERROR.
   * @param revocable whether revocable resources may be taken; they are then preferred
   * @returns undefined, with nothing taken, when the worker does not fit
   */
  take(shape: Shape, revocable: boolean): Resource[] | undefined {
    const taken: Resource[] = [];
    if (!this.fits(shape, revocable)) return undefined;
    for (const [key] of NAMES) {
      const amount = toThousandths(shape[key] ?? 0);
      const stock = this.#stockFor(key, amount, revocable);
      if (stock) takeFrom(stock, amount, taken);
    }
    return taken;
  }

  /** Mesos refuses a task that mixes revocable and other resources of one name, so they must come from one stock. */
  #stockFor(key: keyof Shape, amount: number, revocable: boolean): Stock | undefined {
    if (revocable && this.#revocable[key].left >= amount) return this.#revocable[key];
    return this.#firm[key].left >= amount ? this.#firm[key] : undefined;
  }
}

function noStocks(): Record<keyof Shape, Stock> {
  const none = (): Stock => ({ entries: [], left: 0 });
  return { cores: none(), memory: none(), disk: none(), gpus: none() };
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
