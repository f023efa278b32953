import type { Attribute, Resource } from '../mesos/messages.ts';
import type { LocalAgentOptions } from './options.ts';

/** The resources with which an agent of these options registers, unallocated. */
export function resourcesOf(options: LocalAgentOptions): Resource[] {
  const { cpus, memory, disk, gpus, ports, reservations = [] } = options;
  const scalars = (
    amounts: { cpus?: number; memory?: number; disk?: number; gpus?: number },
    role?: string,
  ): Resource[] =>
    (
      [
        ['cpus', amounts.cpus],
        ['mem', amounts.memory],
        ['disk', amounts.disk],
        ['gpus', amounts.gpus],
      ] as const
    ).flatMap(([name, value = 0]) =>
      value > 0
        ? {
            name,
            type: 'SCALAR' as const,
            scalar: { value },
            ...(role ? { reservations: [{ type: 'STATIC', role }] } : {}),
          }
        : [],
    );
  const range = ports && [{ begin: `${ports[0]}`, end: `${ports[1]}` }];
  return [
    ...reservations.flatMap((reservation) => scalars(reservation, reservation.role)),
    ...scalars({ cpus, memory, disk, ...(gpus && { gpus }) }),
    ...(range ? [{ name: 'ports', type: 'RANGES' as const, ranges: { range } }] : []),
  ];
}

/** The attributes of its offers. */
export function attributesOf(options: LocalAgentOptions): Attribute[] {
  return Object.entries(options.attributes ?? {}).map(([name, value]) =>
    typeof value === 'number' ? { name, type: 'SCALAR', scalar: { value } } : { name, type: 'TEXT', text: { value } },
  );
}
