import type { Attribute, Offer } from '../../mesos/messages.ts';
import type { Pool } from '../state/pool.ts';
import type { Worker } from '../state/worker.ts';

/** The host name and attributes of an agent. */
export type Place = Pick<Offer, 'hostname' | 'attributes'>;

/**
 * The values of a field of an agent. An attribute name may occur several times, so there may be several values.
 * `hostname` is not an attribute; `host` means the host name where no attribute has that name.
 */
export function valuesOf({ hostname, attributes = [] }: Place, field: string): string[] {
  const values = attributes.filter(({ name }) => name === field).map(attributeText);
  if (values.length > 0) return values;
  return field === 'hostname' || field === 'host' ? [hostname] : [];
}

/** In Mesos' own form: text unchanged, numbers, ranges as `[1-5, 8-9]`. */
function attributeText({ text, scalar, ranges }: Attribute): string {
  if (text) return text.value;
  if (scalar) return String(scalar.value);
  return `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}

/** Which agents a pool's constraints allow, and how many more workers each. It counts workers as they are placed. */
export class Constrained {
  readonly #pool: Pool;
  /** Workers by `field` and value. */
  readonly #counts = new Map<string, number>();

  constructor(pool: Pool, workers: Iterable<Worker>) {
    this.#pool = pool;
    if (!this.#isCounting) return;
    for (const worker of workers) if (worker.pool === pool.name) this.#add(placesOfWorker(worker));
  }

  allows(place: Place): boolean {
    return this.#pool.constraints.every((constraint) => {
      const { field } = constraint;
      const values = valuesOf(place, field);
      if (constraint.operator !== 'MAX_PER') {
        return values.some((value) => constraint.pattern.test(value)) === (constraint.operator === 'LIKE');
      }
      return values.length > 0 && (this.#counts.get(key(field, values.join())) ?? 0) < constraint.limit;
    });
  }

  /** Counts a worker that will be launched there. @returns the values that must be stored to count the worker after a restart */
  launched(place: Place): Record<string, string> | undefined {
    if (!this.#isCounting) return undefined;
    const fields = this.#pool.constraints.flatMap(({ field, operator }) => (operator === 'MAX_PER' ? [field] : []));
    const places = Object.fromEntries(fields.map((field) => [field, valuesOf(place, field).join()]));
    this.#add(places);
    return places;
  }

  get #isCounting(): boolean {
    return this.#pool.constraints.some(({ operator }) => operator === 'MAX_PER');
  }

  #add(places: Record<string, string>): void {
    for (const [field, value] of Object.entries(places)) {
      this.#counts.set(key(field, value), (this.#counts.get(key(field, value)) ?? 0) + 1);
    }
  }
}

function placesOfWorker({ hostname, places }: Worker): Record<string, string> {
  return { hostname, host: hostname, ...places };
}

function key(field: string, value: string): string {
  return `${field}\n${value}`;
}
