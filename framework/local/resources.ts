import type { FrameworkInfo, Resource } from '../mesos/messages.ts';

/**
 * Arithmetic on lists of resources, as in the master: only resources with the same name, type, reservations and allocation
 * add up. No function changes its arguments. Inside the master every resource has `reservations` (never `role`) and
 * `allocation_info`, the form for frameworks with RESERVATION_REFINEMENT and MULTI_ROLE.
 */

type Range = readonly [begin: number, end: number];

/** Mesos keeps three decimals of a scalar (common/values.cpp). Comparing thousandths avoids 0.1 + 0.2 > 0.3. */
const thousandths = (value: number): number => Math.round(value * 1000);

function ranges(resource: Resource): Range[] {
  return (resource.ranges?.range ?? []).map((range) => [Number(range.begin), Number(range.end)]);
}

function identity(resource: Resource): string {
  const { name, type, allocation_info, reservations = [], disk, revocable, shared } = resource;
  const stack = reservations.map(({ type: kind = 'STATIC', role, principal, labels }) => [
    kind,
    role,
    principal,
    (labels?.labels ?? []).map(({ key, value }) => [key, value]),
  ]);
  return JSON.stringify([name, type, allocation_info?.role, stack, disk, revocable, shared]);
}

function isEmpty(resource: Resource): boolean {
  if (resource.type === 'SCALAR') return thousandths(resource.scalar?.value ?? 0) === 0;
  if (resource.type === 'RANGES') return ranges(resource).length === 0;
  return (resource.set?.item ?? []).length === 0;
}

function withRanges(resource: Resource, list: Range[]): Resource {
  return { ...resource, ranges: { range: list.map(([begin, end]) => ({ begin: `${begin}`, end: `${end}` })) } };
}

function unite(a: Range[], b: Range[]): Range[] {
  const united: [number, number][] = [];
  for (const [begin, end] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const last = united.at(-1);
    if (last && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
    else united.push([begin, end]);
  }
  return united;
}

function without(a: Range[], b: Range[]): Range[] {
  return b.reduce<Range[]>(
    (left, [begin, end]) =>
      left.flatMap(([first, last]): Range[] => {
        if (end < first || begin > last) return [[first, last]];
        const pieces: Range[] = [
          [first, begin - 1],
          [end + 1, last],
        ];
        return pieces.filter((piece) => piece[0] <= piece[1]);
      }),
    a,
  );
}

/** a + b, for resources of one identity. Sets are never split, so only the first one counts. */
function plus(a: Resource, b: Resource): Resource {
  if (a.type === 'SCALAR') {
    const sum = thousandths(a.scalar?.value ?? 0) + thousandths(b.scalar?.value ?? 0);
    return { ...a, scalar: { value: sum / 1000 } };
  }
  if (a.type === 'RANGES') return withRanges(a, unite(ranges(a), ranges(b)));
  return { ...a, set: { item: [...new Set([...(a.set?.item ?? []), ...(b.set?.item ?? [])])] } };
}

/** a - b, for resources of one identity; undefined if a does not contain b. */
function minus(a: Resource, b: Resource): Resource | undefined {
  if (a.type === 'SCALAR') {
    const left = thousandths(a.scalar?.value ?? 0) - thousandths(b.scalar?.value ?? 0);
    return left < 0 ? undefined : { ...a, scalar: { value: left / 1000 } };
  }
  if (a.type === 'RANGES') {
    const wanted = ranges(b);
    if (without(wanted, ranges(a)).length > 0) return undefined;
    return withRanges(a, without(ranges(a), wanted));
  }
  const held = a.set?.item ?? [];
  const wanted = b.set?.item ?? [];
  if (!wanted.every((item) => held.includes(item))) return undefined;
  return { ...a, set: { item: held.filter((item) => !wanted.includes(item)) } };
}

export function add(...lists: readonly (readonly Resource[])[]): Resource[] {
  const sum = new Map<string, Resource>();
  for (const resource of lists.flat()) {
    const key = identity(resource);
    const held = sum.get(key);
    sum.set(key, held ? plus(held, resource) : resource);
  }
  return [...sum.values()].filter((resource) => !isEmpty(resource));
}

/** `from` without `taken`; undefined if `from` does not contain all of it. */
export function subtract(from: readonly Resource[], taken: readonly Resource[]): Resource[] | undefined {
  const left = new Map(from.map((resource) => [identity(resource), resource]));
  for (const resource of add(taken)) {
    const held = left.get(identity(resource));
    const rest = held && minus(held, resource);
    if (!rest) return undefined;
    left.set(identity(resource), rest);
  }
  return [...left.values()].filter((resource) => !isEmpty(resource));
}

export const contains = (from: readonly Resource[], part: readonly Resource[]): boolean =>
  subtract(from, part) !== undefined;

/** The role for which a resource is reserved: the role of the innermost reservation; undefined if it is unreserved. */
export const reservedFor = (resource: Resource): string | undefined => resource.reservations?.at(-1)?.role;

export function allocate(resources: readonly Resource[], role: string): Resource[] {
  return resources.map((resource) => ({ ...resource, allocation_info: { role } }));
}

export function unallocate(resources: readonly Resource[]): Resource[] {
  return resources.map(({ allocation_info: _, ...resource }) => resource);
}

/** The sum of a scalar over all reservations and allocations: cores for cpus, MB for mem and disk. */
export function scalar(resources: readonly Resource[], name: string): number {
  const parts = resources.filter((resource) => resource.name === name && resource.type === 'SCALAR');
  return parts.reduce((sum, resource) => sum + thousandths(resource.scalar?.value ?? 0), 0) / 1000;
}

export const capable = (info: FrameworkInfo, capability: string): boolean =>
  (info.capabilities ?? []).some(({ type }) => type === capability);

/** The resources in the form for a framework with these capabilities (mesos.proto, Resource). */
export function asSeenBy(info: FrameworkInfo, resources: readonly Resource[]): Resource[] {
  return resources.map((resource) => {
    const { reservations = [], ...seen } = resource;
    if (!capable(info, 'MULTI_ROLE')) delete seen.allocation_info;
    if (!capable(info, 'RESERVATION_REFINEMENT')) return { ...seen, role: reservations.at(-1)?.role ?? '*' };
    return reservations.length > 0 ? { ...seen, reservations } : seen;
  });
}

/**
 * The resources of a task in the master's own form. `role: "x"` becomes a static reservation. `role: "*"` and an empty list of
 * reservations become no reservation. A missing allocation becomes that of the offer.
 */
export function asHeld(resources: readonly Resource[], offerRole: string): Resource[] {
  return resources.map(({ role, reservation: _, reservations = [], ...resource }) => {
    const stack = reservations.length === 0 && role && role !== '*' ? [{ type: 'STATIC', role }] : reservations;
    return {
      ...resource,
      ...(stack.length > 0 ? { reservations: stack } : {}),
      allocation_info: { role: resource.allocation_info?.role ?? offerRole },
    };
  });
}

function describeOne(resource: Resource): string {
  const allocated = resource.allocation_info?.role ? `(allocated: ${resource.allocation_info.role})` : '';
  const stack = (resource.reservations ?? []).map((reservation) => {
    const labels = (reservation.labels?.labels ?? []).map(({ key, value }) => `${key}: ${value ?? ''}`);
    return `(${[
      reservation.type ?? 'STATIC',
      reservation.role ?? '*',
      ...(reservation.principal === undefined ? [] : [reservation.principal]),
      ...(labels.length > 0 ? [`{${labels.join(', ')}}`] : []),
    ].join(',')})`;
  });
  const reserved = stack.length > 0 ? `(reservations: [${stack.join(',')}])` : '';
  return `${resource.name}${allocated}${reserved}:${quantity(resource)}`;
}

function quantity(resource: Resource): string {
  if (resource.type === 'SCALAR') return String(thousandths(resource.scalar?.value ?? 0) / 1000);
  if (resource.type === 'RANGES') {
    return `[${ranges(resource)
      .map(([begin, end]) => `${begin}-${end}`)
      .join(', ')}]`;
  }
  return `{${(resource.set?.item ?? []).join(', ')}}`;
}

/** The form of resources in Mesos' messages: `cpus(allocated: *):3.9; mem(allocated: *):4064`. */
export const describe = (resources: readonly Resource[]): string => resources.map(describeOne).join('; ');

/** Names and plain amounts, the form in `/state`. */
export function totals(resources: readonly Resource[]): Record<string, number | string> {
  const sums: Record<string, number | string> = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  for (const resource of resources) {
    sums[resource.name] = resource.type === 'SCALAR' ? scalar(resources, resource.name) : quantity(resource);
  }
  return sums;
}
