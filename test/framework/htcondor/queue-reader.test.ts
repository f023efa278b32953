import { expect, it } from 'vitest';
import type { JobGroup } from '../../../framework/htcondor/job-group.ts';
import { QueueReader } from '../../../framework/htcondor/queue-reader.ts';
import type { Tools } from '../../../framework/htcondor/tools.ts';

const jobs = (count: number): JobGroup => ({
  user: 'a@pool',
  status: 1,
  universe: 5,
  count,
  ids: '1.0',
  attributes: {},
});

it('a user who is read apart is in every answer, also while it turns out to have few jobs', async () => {
  let count = 6000;
  const tools = {
    async eachGroup(_: string, constraint: string, take: (group: JobGroup) => void) {
      // The schedd answers about the others after it has answered about this user.
      if (constraint.includes('=!=')) await new Promise((resolve) => setTimeout(resolve, 20));
      else take(jobs(count));
    },
  };
  const reader = new QueueReader(tools as unknown as Tools, 'schedd', () => ({
    need: { category: 'default', cores: 1, memory: 0, disk: 0, gpus: 0 },
  }));
  const seen = async () => (await reader.read()).users.get('a@pool')?.count;
  expect(await seen()).toBe(6000);
  count = 10;
  const counts: (number | undefined)[] = [];
  for (let n = 0; n < 3; n++) counts.push(await seen());
  expect(counts.every((one) => one === 6000 || one === 10)).toBe(true);
  expect(counts.at(-1)).toBe(10);
});
