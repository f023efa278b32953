import { printable } from '../report/printable.ts';
import type { Auth, Delivery } from './deliveries.ts';
import type { Planned } from './notify.ts';
import { describeSource } from './secret.ts';

/** The exact messages, with the sources of the secrets in place of the secrets. */
export function dryRunText(planned: readonly Planned[]): string {
  if (planned.length === 0) return 'no message would be sent: relval.yaml has no notify.channels\n';
  return planned
    .map(({ channel, deliveries, skipped }) => {
      if (skipped !== undefined) return `== ${channel}: no message: ${skipped}\n`;
      return deliveries.map((delivery) => `== ${channel}\n${shown(delivery)}\n`).join('\n');
    })
    .join('\n');
}

function shown(delivery: Delivery): string {
  const { head, body } = delivery.kind === 'http' ? request(delivery) : mail(delivery);
  const headers = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  return [...headers, '', body].flatMap((text) => text.split('\n').map(printable)).join('\n');
}

function request({ url, headers, auth, body }: Delivery & { kind: 'http' }) {
  const to = typeof url === 'string' ? url : describeSource(url.secret);
  const head = { POST: to, ...headers, ...(auth && { authorization: authorization(auth) }) };
  return { head, body: JSON.stringify(body, null, 2) };
}

function mail({ server, auth, from, to, subject, text, headers, messageId }: Delivery & { kind: 'mail' }) {
  const login = auth ? `, as ${auth.user} with ${describeSource(auth.secret)}` : '';
  const head = {
    SMTP: `${server.host}:${server.port}, ${server.security}${login}`,
    From: from,
    To: to.join(', '),
    Subject: subject,
    'Message-ID': messageId,
    ...headers,
  };
  return { head, body: text };
}

function authorization(auth: Auth): string {
  return auth.type === 'bearer'
    ? `Bearer ${describeSource(auth.secret)}`
    : `Basic ${auth.user}:${describeSource(auth.secret)}`;
}
