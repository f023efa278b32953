import { expect, it } from 'vitest';
import { refusedWorkers, tellsRefusal } from '../../../../validation/runs/execution/refused-workers.ts';

// As cctools 9.9 (Debian 12) and 7.14 (Debian 13) print them.
const OLD_PROTOCOL =
  '2026/11/29 20:24:50.44 makeflow[10241] notice: worker (127.0.0.1:38264) is using work queue protocol 11, but I am using protocol 9';
const NEW_PROTOCOL =
  '2026/11/29 20:24:50.44 makeflow[10241]notice: rejecting worker (10.0.0.7:38264) as it uses protocol 9. The manager is using protocol 11.';
const PASSWORD = '2026/11/29 20:24:42.35 makeflow[9694] notice: worker 127.0.0.1:55392 presented the wrong password';

it.each([
  [OLD_PROTOCOL, '127.0.0.1', 'it uses Work Queue protocol 11, and makeflow uses 9. '],
  [NEW_PROTOCOL, '10.0.0.7', 'it uses Work Queue protocol 9, and makeflow uses 11. '],
  [PASSWORD, '127.0.0.1', 'it has another password, or none. '],
])('reads %s', (line, host, message) => {
  expect(refusedWorkers(['', line])).toEqual([
    { host, message: expect.stringContaining(message), times: expect.any(Number) },
  ]);
  expect(tellsRefusal(line)).toBe(true);
});

it('ignores lines that are not refusals', () => {
  const line = 'makeflow[1] notice: worker 127.0.0.1:55392 disconnected';
  expect(refusedWorkers([line, 'will retry failed rule: sleep 1'])).toEqual([]);
  expect(tellsRefusal(line)).toBe(false);
});
