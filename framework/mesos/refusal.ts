import { PASSING, REFUSED, type ReconnectPolicy } from './reconnect.ts';

/** The meaning of a refused SUBSCRIBE: when to try again, and what somebody should do. */
export interface Refusal {
  policy: ReconnectPolicy;
  advice: string;
}

/** Interprets the status of an answer to SUBSCRIBE. The body, plain text from the master, contains the particular reason. */
export function judgeRefusal(status: number): Refusal {
  switch (status) {
    case 400:
      return {
        policy: REFUSED,
        advice: 'the SUBSCRIBE is invalid: correct the setting that the master names',
      };
    case 401:
      return {
        policy: REFUSED,
        advice: 'the master requires credentials, or does not accept these: check the credential or token file',
      };
    case 403:
      return {
        policy: REFUSED,
        advice: "access is denied: check the master's ACLs for this principal, and any proxy in between",
      };
    case 404:
      // Also in the first moment of a master's life, before its routes exist.
      return { policy: PASSING, advice: 'there is no scheduler API at this address: check the address if this lasts' };
    case 405:
    case 406:
    case 415:
      return {
        policy: REFUSED,
        advice: 'a proxy between this framework and the master changes the requests: check the proxies',
      };
    case 503:
      return { policy: PASSING, advice: 'no leader is elected, or it has not recovered yet: wait' };
    default:
      return status >= 500 || status === 408 || status === 429
        ? { policy: PASSING, advice: 'the master, or a proxy before it, has an internal error: check its log' }
        : { policy: REFUSED, advice: 'a Mesos master does not give such an answer: check the address, and any proxy' };
  }
}

/**
 * True when a refusal means that the stream of the call is not, or no longer, this framework's: another
 * SUBSCRIBE took over, the master counts the framework as disconnected, or does not know it.
 */
export function saysStreamIsStale(status: number, body: string): boolean {
  return (
    (status === 403 && /not subscribed/i.test(body)) ||
    (status === 400 && /stream ID .* didn't match|framework cannot be found/i.test(body))
  );
}
