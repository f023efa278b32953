import type { Report } from '../report/model.ts';
import { type SecretSource, secretSource } from './secret.ts';
import type { Channel, ChannelOf } from './settings.ts';
import { PLAIN } from './styles.ts';
import { parseTemplate, render } from './template.ts';
import { builtIn, LIMITS, STYLES, SUBJECT, type TextChannel } from './texts.ts';
import { isNew, NAMES, type Occasion, wordsOf } from './words.ts';

/** The kind of authentication, without the secret itself. */
export type Auth = { type: 'bearer'; secret: SecretSource } | { type: 'basic'; user: string; secret: SecretSource };

/** One HTTP request, complete except for its secrets. */
export interface HttpDelivery {
  kind: 'http';
  url: string | { secret: SecretSource };
  headers: Record<string, string>;
  auth?: Auth | undefined;
  /** JSON. */
  body: unknown;
  caFile?: string | undefined;
}

/** One e-mail, complete except for its secrets. */
export interface MailDelivery {
  kind: 'mail';
  server: { host: string; port: number; security: 'starttls' | 'tls' | 'none'; caFile?: string | undefined };
  auth?: { user: string; secret: SecretSource } | undefined;
  from: string;
  to: string[];
  subject: string;
  text: string;
  headers: Record<string, string>;
  /** The same when it is sent again, so that receivers can recognise it. */
  messageId: string;
}

export type Delivery = HttpDelivery | MailDelivery;

/** The messages for a channel about an event, in order. Pure: it reads and sends nothing. */
export function deliveriesOf(channel: Channel, occasion: Occasion, issue?: string): Delivery[] {
  switch (channel.type) {
    case 'jira':
      return toJira(channel, occasion, issue ?? channel.issue);
    case 'mattermost': {
      const { channel: room, username } = channel;
      return [
        toWebhook(channel, occasion, {
          text: textOf(channel, occasion),
          ...(room && { channel: room }),
          ...(username && { username }),
        }),
      ];
    }
    case 'slack':
      return [
        toWebhook(channel, occasion, {
          text: textOf(channel, occasion),
          link_names: false,
          unfurl_links: false,
          unfurl_media: false,
        }),
      ];
    case 'webhook':
      return [toWebhook(channel, occasion, jsonOf(occasion))];
    case 'email':
      return [toMail(channel, occasion)];
  }
}

/** Body of a generic webhook. */
export interface WebhookBody {
  schema: 'relval-notification-1';
  event: Occasion['event'];
  run: string;
  name: string;
  workflow: string;
  release?: string | undefined;
  steps: number;
  /** ms since 1970. */
  started: number;
  /** Address of the run's page, if known. */
  page?: string | undefined;
  /** When it has finished. */
  report?: Report | undefined;
}

function jsonOf({ publicUrl, ...occasion }: Occasion): WebhookBody {
  const page = publicUrl === undefined ? undefined : `${publicUrl.replace(/\/+$/, '')}/runs/${occasion.run}`;
  return { schema: 'relval-notification-1', ...occasion, page };
}

/** JIRA's REST interface, version 2: watchers are added one by one when a run starts; then the comment. */
function toJira(channel: ChannelOf<'jira'>, occasion: Occasion, issue: string | undefined): Delivery[] {
  if (issue === undefined) return [];
  const secret = secretSource(channel.tokenFile, channel.tokenEnv);
  const password = secretSource(channel.passwordFile, channel.passwordEnv);
  const { user, caFile } = channel;
  const auth: Auth | undefined = secret
    ? { type: 'bearer', secret }
    : user !== undefined && password
      ? { type: 'basic', user, secret: password }
      : undefined;
  const post = (path: string, body: unknown): HttpDelivery => ({
    kind: 'http',
    url: `${channel.url.replace(/\/+$/, '')}/rest/api/2/issue/${encodeURIComponent(issue)}/${path}`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    auth,
    body,
    caFile,
  });
  const watchers = occasion.event === 'started' ? channel.watchers : [];
  return [
    ...watchers.map((watcher) => post('watchers', watcher)),
    post('comment', { body: textOf(channel, occasion) }),
  ];
}

function toWebhook(
  channel: ChannelOf<'mattermost' | 'slack' | 'webhook'>,
  occasion: Occasion,
  body: unknown,
): Delivery {
  const secret = secretSource(channel.urlFile, channel.urlEnv);
  const open = channel.type === 'webhook' ? channel.url : undefined;
  const token = channel.type === 'webhook' ? secretSource(channel.tokenFile, channel.tokenEnv) : undefined;
  return {
    kind: 'http',
    url: secret ? { secret } : (open ?? ''),
    headers: { 'content-type': 'application/json', 'idempotency-key': `${occasion.run}.${occasion.event}` },
    auth: token && { type: 'bearer', secret: token },
    body,
    caFile: channel.caFile,
  };
}

function toMail(channel: ChannelOf<'email'>, occasion: Occasion): Delivery {
  const { host, port, security, caFile, from, user } = channel;
  const secret = secretSource(channel.passwordFile, channel.passwordEnv);
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const id = (event: string): string => `<${occasion.run}.${event}@${domain}>`;
  const subject = render(parseTemplate(channel.templates.subject ?? SUBJECT, NAMES), [wordsOf(occasion)], PLAIN);
  return {
    kind: 'mail',
    server: { host, port, security, caFile },
    auth: user !== undefined && secret ? { user, secret } : undefined,
    from,
    to: [...new Set([...channel.to, ...(channel.contacts ? contactsOf(occasion.report) : [])])],
    subject: cutAt(PLAIN.text(subject.replaceAll('\n', ' ')), MOST_OF_SUBJECT),
    text: textOf(channel, occasion),
    headers: {
      // RFC 3834: no automatic replies to machines.
      'Auto-Submitted': 'auto-generated',
      ...(occasion.event === 'finished' && { References: id('started') }),
    },
    messageId: id(occasion.event),
  };
}

const MOST_OF_SUBJECT = 200;

/** E-mail addresses among the contacts of components that have new errors. */
function contactsOf(report: Report | undefined): string[] {
  const concerned = new Set((report?.findings ?? []).filter(isNew).map(({ component }) => component));
  const contacts = (report?.components ?? []).filter(({ name }) => concerned.has(name)).flatMap((one) => one.contacts);
  return contacts.flatMap((contact) => /<?([^\s@<>,;]+@[^\s@<>,;]+)>?\s*$/u.exec(contact)?.[1] ?? []);
}

function textOf(channel: Channel & { type: TextChannel }, occasion: Occasion): string {
  const template = channel.templates[occasion.event] ?? builtIn(channel.type, occasion.event);
  const text = render(parseTemplate(template, NAMES), [wordsOf(occasion)], STYLES[channel.type]);
  return cutAt(text.replace(/\n{3,}/g, '\n\n').trim(), LIMITS[channel.type]);
}

/** Cuts after whole lines, so that no escape is cut in two. */
function cutAt(text: string, most: number): string {
  if (text.length <= most) return text;
  const lines = text.slice(0, most).lastIndexOf('\n');
  return lines > 0 ? `${text.slice(0, lines)}\n…` : `${text.slice(0, most).replace(/\p{Cs}$/u, '')}…`;
}
