import { type FollowOptions, followLines, type LineFollower } from './follow-lines.ts';
import { applyEvent, emptyFlow, type FlowState, type LogEvent, parseLogLine } from './transaction-log.ts';

/** A transaction log that is read as it grows, from its beginning. */
export interface LogFollower extends LineFollower {
  readonly flow: FlowState;
}

/**
 * Follows a transaction log, which need not exist yet.
 * @param onEvents called with the new events, in order, after they were taken into `flow`
 * @param onError the file cannot be read, or has become shorter: following has ended
 */
export function followLog(
  path: string,
  onEvents: (events: LogEvent[], flow: FlowState) => void,
  onError: (error: Error) => void,
  options: FollowOptions = {},
): LogFollower {
  const flow = emptyFlow();
  const take = (lines: readonly string[]): void => {
    const events = lines.map(parseLogLine).filter((event) => event !== undefined);
    for (const event of events) applyEvent(flow, event);
    if (events.length > 0) onEvents(events, flow);
  };
  return { flow, ...followLines(path, take, onError, options) };
}
