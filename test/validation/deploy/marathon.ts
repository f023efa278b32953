import { z } from 'zod';

/**
 * Marathon's app definitions, as far as ours use them, made from its documented types (docs/rest-api: app.raml,
 * appContainer.raml, healthCheck.raml, network.raml, constraint.raml). What is not documented is refused.
 */
const port = z.number().int().min(0).max(65_535);
const seconds = z.number().int().nonnegative();

const volume = z.strictObject({ hostPath: z.string(), containerPath: z.string(), mode: z.enum(['RO', 'RW']) });

const healthCheck = z.strictObject({
  protocol: z.enum(['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_TCP', 'MESOS_HTTP', 'MESOS_HTTPS']).optional(),
  path: z.string().startsWith('/').optional(),
  port: port.optional(),
  portIndex: port.optional(),
  command: z.strictObject({ value: z.string() }).optional(),
  gracePeriodSeconds: seconds.optional(),
  intervalSeconds: seconds.optional(),
  timeoutSeconds: seconds.optional(),
  delaySeconds: seconds.optional(),
  maxConsecutiveFailures: seconds.optional(),
  ignoreHttp1xx: z.boolean().optional(),
  ipProtocol: z.enum(['IPv4', 'IPv6']).optional(),
});

const operators = z.enum(['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS']);

export const marathonApp = z
  .strictObject({
    id: z
      .string()
      .regex(/^(\/?((\.\.)|(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])))+$/),
    cmd: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    cpus: z.number().min(0.001),
    mem: z.number().nonnegative(),
    disk: z.number().nonnegative().optional(),
    instances: z.number().int().nonnegative(),
    user: z.string().optional(),
    constraints: z
      .array(z.union([z.tuple([z.string(), operators]), z.tuple([z.string(), operators, z.string()])]))
      .optional(),
    container: z.strictObject({
      type: z.enum(['MESOS', 'DOCKER']),
      docker: z.strictObject({
        image: z.string().min(1),
        network: z.enum(['BRIDGE', 'HOST', 'NONE', 'USER']).optional(),
        forcePullImage: z.boolean().optional(),
        privileged: z.boolean().optional(),
        parameters: z.array(z.strictObject({ key: z.string().min(1), value: z.string() })).optional(),
      }),
      volumes: z.array(volume).optional(),
    }),
    env: z.record(z.string().min(1), z.string()).optional(),
    portDefinitions: z
      .array(
        z.strictObject({
          port: port.optional(),
          protocol: z.enum(['tcp', 'udp', 'udp,tcp']).optional(),
          name: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
        }),
      )
      .optional(),
    requirePorts: z.boolean().optional(),
    healthChecks: z.array(healthCheck).optional(),
    upgradeStrategy: z.strictObject({
      minimumHealthCapacity: z.number().min(0).max(1),
      maximumOverCapacity: z.number().min(0).max(1),
    }),
    unreachableStrategy: z
      .union([z.literal('disabled'), z.strictObject({ inactiveAfterSeconds: seconds, expungeAfterSeconds: seconds })])
      .optional(),
    taskKillGracePeriodSeconds: seconds.optional(),
    backoffSeconds: seconds.optional(),
    backoffFactor: z.number().min(1).optional(),
    maxLaunchDelaySeconds: seconds.optional(),
    labels: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ cmd, args }) => (cmd === undefined) !== (args === undefined), 'either cmd or args')
  .refine(
    ({ healthChecks = [], portDefinitions = [] }) =>
      healthChecks.every(({ portIndex = 0 }) => portIndex < portDefinitions.length),
    'portIndex names no port',
  );
