import type { CallType } from './messages.ts';

/** There is no subscribed stream, or another one than when the call was made: the call was not sent. */
export class NotSubscribedError extends Error {
  override name = 'NotSubscribedError';
  readonly callType: CallType;

  constructor(callType: CallType) {
    super(`${callType} not sent: there is no subscription to send it under`);
    this.callType = callType;
  }
}

/** The master answered, and not with the status that means accepted: the call had no effect. */
export class CallRefusedError extends Error {
  override name = 'CallRefusedError';
  readonly status: number;
  /** The master's reason, plain text. */
  readonly body: string;
  readonly callType: CallType;

  constructor(callType: CallType, status: number, body: string) {
    super(`${callType} refused: ${status} ${excerpt(body)}`.trimEnd());
    this.callType = callType;
    this.status = status;
    this.body = body;
  }
}

/** No answer, or none that a master gives. Whether the master acted on what was sent is not known. */
export class TransportError extends Error {
  override name = 'TransportError';
}

/** The first line's worth of an answer's body, for messages: a proxy's error page is long. */
export function excerpt(body: string): string {
  const line = body.trim().replaceAll(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
