import { hostname } from 'node:os';
import tmp from 'tmp';
import { expect, it } from 'vitest';
import { ObstacleError } from '../../../../validation/runs/store/obstacle.ts';
import { asSpaceError } from '../../../../validation/runs/store/space.ts';
import { askToStop, takeStopRequest } from '../../../../validation/runs/store/stop-request.ts';

it('a request to stop a run is read once, with its sender', () => {
  const directory = tmp.dirSync({ unsafeCleanup: true });
  try {
    expect(takeStopRequest(directory.name)).toBeUndefined();
    askToStop(directory.name);
    expect(takeStopRequest(directory.name)).toBe(`relval stop on ${hostname()}`);
    expect(takeStopRequest(directory.name)).toBeUndefined();
  } finally {
    directory.removeCallback();
  }
});

it('only an unwritable directory of a run is reported as such', () => {
  const error = (code: string, path?: string) => Object.assign(new Error(`${code}: no`), { code, path });
  expect(asSpaceError(error('EPERM', '/runs/a/events.ndjson'), '/runs/a')).toBeInstanceOf(ObstacleError);
  expect(asSpaceError(error('EPERM', '/elsewhere'), '/runs/a')).not.toBeInstanceOf(ObstacleError);
  expect(asSpaceError(error('ENOSPC'), '/runs/a')).toBeInstanceOf(ObstacleError);
});
