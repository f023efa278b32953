import { PASSING, REFUSED, type ReconnectPolicy } from './reconnect.ts';

/** What a refused SUBSCRIBE means: when to try again, and what somebody should do. */
export interface Refusal {
  policy: ReconnectPolicy;
  advice: string;
}

/** Judges the status of an answer to SUBSCRIBE. The body, plain text by the master, names the particular reason. */
export function judgeRefusal(status: number): Refusal {
  switch (status) {
    case 400:
      return {
        policy: REFUSED,
        advice: 'the master finds the SUBSCRIBE invalid: correct the setting that its reason names',
      };
    case 401:
      return {
        policy: REFUSED,
        advice: 'the master wants credentials, or does not accept these: check the credential or token file',
      };
    case 403:
      return { policy: REFUSED, advice: "access is denied: check the master's ACLs for this principal, and any proxy" };
    case 404:
      // Also the first moment of a master's life, before its routes exist.
      return { policy: PASSING, advice: 'no scheduler API there: check the address if this goes on' };
    case 405:
    case 406:
    case 415:
      return { policy: REFUSED, advice: 'something between here and the master changes the requests: check proxies' };
    case 503:
      return { policy: PASSING, advice: 'no leader is elected, or it has not recovered yet: this passes' };
    default:
      return status >= 500 || status === 408 || status === 429
        ? { policy: PASSING, advice: 'the master, or a proxy before it, is in trouble' }
        : { policy: REFUSED, advice: 'no answer that a Mesos master gives: check the address, and any proxy' };
  }
}

/**
 * True when a refusal of a call says that the stream it was sent under is not, or no longer, the framework's: another
 * SUBSCRIBE took over, the master counts the framework as disconnected, or does not know it.
 */
export function saysStreamIsStale(status: number, body: string): boolean {
  return (
    (status === 403 && /not subscribed/i.test(body)) ||
    (status === 400 && /stream ID .* didn't match|framework cannot be found/i.test(body))
  );
}
