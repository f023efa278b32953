import { describe, expect, it } from 'vitest';
import type { TaskInfo, TaskStatus } from '../../framework/mesos/messages.ts';
import { CODECS, frameworkInfo, type RawFramework } from './client.ts';
import { amount, firstOffer, isReal, launch, type TaskOptions, task, useCluster } from './cluster.ts';

const cluster = useCluster();

/** Launches one task of an offer, and resolves with the first status that ends it. */
async function outcome(framework: RawFramework, id: string, options: TaskOptions): Promise<TaskStatus> {
  const offer = await firstOffer(framework);
  await launch(framework, [offer], [task(offer, id, options)]);
  return framework.update(id, 'TASK_FINISHED', 'TASK_FAILED', 'TASK_ERROR', 'TASK_DROPPED', 'TASK_KILLED');
}

const resources = (cpus: number, mem: number): TaskInfo['resources'] => [
  { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
  { name: 'mem', type: 'SCALAR', scalar: { value: mem } },
];

describe('a command task', () => {
  it.each(CODECS)('over %s starts, runs and finishes, each told once, in order, with a uuid', async (_, codec) => {
    const framework = await cluster.subscribe({ codec });
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'fine', { command: 'echo hello; sleep 0.2' })]);
    const finished = await framework.update('fine', 'TASK_FINISHED');
    const statuses = framework.statuses('fine');
    expect(statuses.map(({ state }) => state)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    expect(new Set(statuses.map(({ uuid }) => uuid?.toString('hex'))).size).toBe(3);
    for (const { uuid, source, agent_id, executor_id, timestamp } of statuses) {
      expect(uuid).toHaveLength(16);
      expect(source).toBe('SOURCE_EXECUTOR');
      expect(agent_id).toEqual(offer.agent_id);
      expect(executor_id).toEqual({ value: 'fine' });
      expect(Math.abs((timestamp ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    }
    expect(finished.message).toBe('Command exited with status 0');
    expect(finished.reason).toBeUndefined();
  });

  const endings: [string, TaskInfo['command'], string][] = [
    ['an exit status', { value: 'exit 3' }, 'Command exited with status 3'],
    ['a signal', { value: 'kill -9 $$' }, 'Command terminated with signal Killed'],
    ['a command that a shell does not find', { value: 'no-such-command' }, 'Command exited with status 127'],
    [
      'a program that does not exist',
      { shell: false, value: 'no-such-command', arguments: ['no-such-command'] },
      'Command exited with status 1',
    ],
  ];
  it.each(endings)('that ends with %s has failed', async (_, command, message) => {
    const framework = await cluster.subscribe();
    const failed = await outcome(framework, 'fails', { command });
    expect(failed).toMatchObject({ state: 'TASK_FAILED', message, source: 'SOURCE_EXECUTOR' });
    expect(failed.reason).toBeUndefined();
    expect(framework.statuses('fails').map(({ state }) => state)).toEqual([
      'TASK_STARTING',
      'TASK_RUNNING',
      'TASK_FAILED',
    ]);
  });

  it('without a value fails after it has started', async () => {
    const framework = await cluster.subscribe();
    const failed = await outcome(framework, 'empty', { command: {} });
    expect(failed).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_TERMINATED',
      source: 'SOURCE_AGENT',
    });
    expect(framework.statuses('empty')[0]?.state).toBe('TASK_STARTING');
  });

  it('with shell false is given its arguments as they are', async () => {
    const framework = await cluster.subscribe();
    const command = {
      shell: false,
      value: '/bin/sh',
      arguments: ['sh', '-c', 'test "$1" = "a  b;c" || exit 9', 'x', 'a  b;c'],
    };
    expect((await outcome(framework, 'argv', { command })).message).toBe('Command exited with status 0');
  });

  it('has its own variables, the sandbox as directory, its id, a PATH, and no HOME', async () => {
    const framework = await cluster.subscribe();
    const check = [
      '[ "$FOO" = "bar baz" ]',
      '[ "$PWD" = "$MESOS_SANDBOX" ]',
      '[ "$MESOS_DIRECTORY" = "$MESOS_SANDBOX" ]',
      '[ "$MESOS_EXECUTOR_ID" = environment ]',
      '[ -n "$MESOS_FRAMEWORK_ID" ] && [ -n "$MESOS_SLAVE_ID" ] && [ -n "$PATH" ]',
      '[ -z "$HOME" ] && [ -z "$MESOS_TASK_ID" ]',
    ];
    const value = check.map((line, index) => `${line} || exit ${index + 1}`).join('\n');
    const command = { value, environment: { variables: [{ name: 'FOO', value: 'bar baz' }] } };
    expect((await outcome(framework, 'environment', { command })).message).toBe('Command exited with status 0');
  });

  it('that runs longer than max_completion_time has failed', async () => {
    const framework = await cluster.subscribe();
    const late = { max_completion_time: { nanoseconds: '500000000' } };
    const failed = await outcome(framework, 'late', { command: 'sleep 60', ...late });
    expect(failed).toMatchObject({ state: 'TASK_FAILED', reason: 'REASON_MAX_COMPLETION_TIME_REACHED' });
  });

  it('gets the files that it asks for', async () => {
    const framework = await cluster.subscribe();
    const command = { value: 'test -f hostname', uris: [{ value: '/etc/hostname' }] };
    expect((await outcome(framework, 'fetched', { command })).message).toBe('Command exited with status 0');
  });
});

describe("the master's verdict", () => {
  const invalid: [string, TaskOptions & { id?: string }, RegExp][] = [
    [
      'more than the offer',
      { resources: resources(10_000, 32) },
      /^Total resources cpus\(allocated: \*\):10000; mem\(allocated: \*\):32 required by task and its executor is more than available .*cpus\(allocated: \*\):/,
    ],
    [
      'an unknown resource',
      { resources: [...resources(0.1, 32), { name: 'unobtainium', type: 'SCALAR', scalar: { value: 1 } }] },
      /^Total resources .*unobtainium\(allocated: \*\):1 required/,
    ],
    [
      'a wrong type',
      { resources: [{ name: 'cpus', type: 'RANGES', ranges: { range: [{ begin: '1', end: '2' }] } }] },
      /^Total resources cpus\(allocated: \*\):\[1-2\] required/,
    ],
    [
      'a port outside',
      {
        resources: [
          ...resources(0.1, 32),
          { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: '22', end: '22' }] } },
        ],
      },
      /ports\(allocated: \*\):\[22-22\] required/,
    ],
    [
      "another role's allocation",
      { resources: resources(0.1, 32).map((resource) => ({ ...resource, allocation_info: { role: 'other' } })) },
      /^Total resources cpus\(allocated: other\):0.1; mem\(allocated: other\):32 required/,
    ],
    [
      'a static reservation that is not there',
      { resources: resources(0.1, 32).map((resource) => ({ ...resource, role: 'conformance' })) },
      /^Total resources .* is more than available/,
    ],
    ['no resources', { resources: [] }, /^Task uses no resources$/],
    ['another agent', { agentId: 'nope' }, /^Task uses invalid agent nope while agent .* is expected$/],
    ['a slash in the id', { id: 'a/b' }, /^'a\/b' contains invalid characters$/],
    ['a backslash in the id', { id: 'a\\b' }, /contains invalid characters$/],
    ['a control character in the id', { id: 'a\u0001b' }, /contains invalid characters$/],
    ['an empty id', { id: '' }, /^ID must not be empty$/],
    ['a dot as id', { id: '.' }, /^'\.' is disallowed$/],
    ['two dots as id', { id: '..' }, /^'\.\.' is disallowed$/],
    ['an id of 256 bytes', { id: 'x'.repeat(256) }, /^ID must not be greater than 255 characters$/],
    [
      'a variable without a value',
      { command: { value: 'true', environment: { variables: [{ name: 'A' }] } } },
      /^Task's `CommandInfo` is invalid: Environment variable 'A' of type 'VALUE' must have a value set$/,
    ],
    [
      'a DOCKER container without docker',
      { container: { type: 'DOCKER' } },
      /^Task's `ContainerInfo` is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo$/,
    ],
  ];
  it.each(invalid)(
    'on %s is TASK_ERROR, and no other task of the call suffers',
    async (_, { id = 'bad', ...options }, message) => {
      const framework = await cluster.subscribe();
      const offer = await firstOffer(framework);
      await launch(framework, [offer], [task(offer, 'good-1'), task(offer, id, options), task(offer, 'good-2')]);
      const error = await framework.update(id, 'TASK_ERROR');
      expect(error).toMatchObject({ source: 'SOURCE_MASTER', reason: 'REASON_TASK_INVALID' });
      expect(error.message).toMatch(message);
      expect(error.uuid).toBeUndefined();
      await framework.update('good-1', 'TASK_FINISHED');
      await framework.update('good-2', 'TASK_FINISHED');
    },
  );

  it.each([
    [
      'a negative amount',
      { scalar: { value: -1 } },
      "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
    ],
    ['an amount that is missing', {}, "Resource 'cpus:0' is invalid: Invalid scalar resource"],
  ])('on %s spoils all tasks of its operation, but no other operation', async (_, value, message) => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const bad = task(offer, 'bad', { resources: [{ name: 'cpus', type: 'SCALAR', ...value }] });
    await framework.call('ACCEPT', {
      accept: {
        offer_ids: [offer.id],
        operations: [
          { type: 'LAUNCH', launch: { task_infos: [task(offer, 'beside'), bad] } },
          { type: 'LAUNCH', launch: { task_infos: [task(offer, 'apart')] } },
        ],
      },
    });
    expect((await framework.update('bad', 'TASK_ERROR')).message).toBe(message);
    expect((await framework.update('beside', 'TASK_ERROR')).message).toBe(message);
    await framework.update('apart', 'TASK_FINISHED');
  });

  it('on a task without a command is TASK_ERROR', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const { command: _, ...none } = task(offer, 'nothing');
    await launch(framework, [offer], [none]);
    expect((await framework.update('nothing', 'TASK_ERROR')).message).toBe(
      'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
    );
  });

  it.each(['a b', 'a#b;$(x)', 'ä', '-a', 'a:b,c%20&?', 'x'.repeat(200)])('allows the id %s', async (id) => {
    const framework = await cluster.subscribe();
    expect((await outcome(framework, id, {})).state).toBe('TASK_FINISHED');
  });

  it.each([
    ['only cores', [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } }]],
    ['no cores', resources(0, 32)],
    ['next to nothing', resources(0.001, 1)],
    ['role *', resources(0.1, 32).map((resource) => ({ ...resource, role: '*' }))],
  ] as [string, TaskInfo['resources']][])('allows %s', async (_, amounts) => {
    const framework = await cluster.subscribe();
    expect((await outcome(framework, 'modest', { resources: amounts })).state).toBe('TASK_FINISHED');
  });

  it('on an id that is alive is TASK_ERROR, while the living task goes on', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'twin', { command: 'sleep 1' }), task(offer, 'twin')]);
    expect((await framework.update('twin', 'TASK_ERROR')).message).toBe('Task has duplicate ID: twin');
    await framework.update('twin', 'TASK_FINISHED');
  });

  it('counts task by task, in order', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const most = amount(offer, 'cpus') - 0.5;
    await launch(
      framework,
      [offer],
      [
        task(offer, 'fits', { resources: resources(most, 32) }),
        task(offer, 'does-not', { resources: resources(most, 32) }),
        task(offer, 'still-fits', { resources: resources(0.5, 32) }),
      ],
    );
    expect((await framework.update('does-not', 'TASK_ERROR')).message).toContain('cpus(allocated: *):0.5');
    await framework.update('fits', 'TASK_FINISHED');
    await framework.update('still-fits', 'TASK_FINISHED');
  });

  it('tells frameworks without PARTITION_AWARE of a dropped task as lost', async () => {
    const info = frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }] });
    const framework = await cluster.subscribe({ info });
    const offer = await firstOffer(framework);
    const stale = { ...offer, id: { value: 'no-such-offer' } };
    await launch(framework, [stale], [task(offer, 'stale')]);
    expect(await framework.update('stale', 'TASK_LOST')).toMatchObject({
      reason: 'REASON_INVALID_OFFERS',
      message: 'Task launched with invalid offers: Offer no-such-offer is no longer valid',
    });
  });
});

describe("the agent's verdict", () => {
  const refused: [string, TaskOptions, string, RegExp][] = [
    [
      'a DOCKER container without an image',
      { container: { type: 'DOCKER', docker: { image: '' } } },
      'REASON_EXECUTOR_TERMINATED',
      /^Abnormal executor termination: unknown container$/,
    ],
    [
      'a URI that is missing',
      { command: { value: 'true', uris: [{ value: '/no/such/file' }] } },
      'REASON_CONTAINER_LAUNCH_FAILED',
      /^Failed to launch container: Failed to fetch all URIs for container '[-0-9a-f]+'/,
    ],
  ];
  it.each(refused)('on %s is TASK_FAILED', async (_, options, reason, message) => {
    const framework = await cluster.subscribe();
    const failed = await outcome(framework, 'refused', options);
    expect(failed).toMatchObject({ state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason });
    expect(failed.message).toMatch(message);
    expect(failed.uuid).toHaveLength(16);
  });

  const bare: typeof refused = [
    [
      'an image without a provisioner',
      { container: { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'busybox' } } } } },
      'REASON_CONTAINER_LAUNCH_FAILED',
      /^Failed to launch container: Unsupported container image type: /,
    ],
    [
      'volumes without the filesystem isolator',
      { container: { type: 'MESOS', volumes: [{ mode: 'RW', container_path: '/data', host_path: '/tmp' }] } },
      'REASON_CONTAINER_LAUNCH_FAILED',
      /^Failed to launch container: .*Volumes in ContainerInfo is not supported/,
    ],
  ];
  it.skipIf(isReal).each(bare)(
    'on %s is TASK_FAILED (needs an agent that has neither)',
    async (_, options, reason, message) => {
      const framework = await cluster.subscribe();
      const failed = await outcome(framework, 'refused', options);
      expect(failed).toMatchObject({ state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason });
      expect(failed.message).toMatch(message);
    },
  );

  it('on an unknown user is TASK_FAILED, or TASK_DROPPED where the agent gives sandboxes to users', async () => {
    const framework = await cluster.subscribe();
    const refused = await outcome(framework, 'refused', { command: { value: 'true', user: 'nosuchuser' } });
    expect(['TASK_FAILED', 'TASK_DROPPED']).toContain(refused.state);
    expect(refused.source).toBe('SOURCE_AGENT');
    expect(refused.message).toMatch(/No such user 'nosuchuser'/);
    expect(refused.uuid).toHaveLength(16);
  });
});
