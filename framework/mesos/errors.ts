import type { CallType } from './messages.ts';

/** The call was not sent: there is no subscription, or it changed after the call was made. */
export class NotSubscribedError extends Error {
  override name = 'NotSubscribedError';
  readonly callType: CallType;

  constructor(callType: CallType) {
    super(`${callType} was not sent: the framework is not subscribed`);
    this.callType = callType;
  }
}

/** The master answered with another status than that for accepted: the call had no effect. */
export class CallRefusedError extends Error {
  override name = 'CallRefusedError';
  readonly status: number;
  /** The master's reason, plain text. */
  readonly body: string;
  readonly callType: CallType;

  constructor(callType: CallType, status: number, body: string) {
    super(`the master refused ${callType}: ${status} ${excerpt(body)}`.trimEnd());
    this.callType = callType;
    this.status = status;
    this.body = body;
  }
}

/** No answer, or an answer that no master gives. Whether the master carried out the call is unknown. */
export class TransportError extends Error {
  override name = 'TransportError';
}

/** The beginning of an answer's body, for messages: a proxy's error page is long. */
export function excerpt(body: string): string {
  const line = body.trim().replaceAll(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
