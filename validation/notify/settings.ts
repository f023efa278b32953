import { z } from 'zod';
import { filePath, httpUrl, issueKey } from '../input/yaml-types.ts';
import { parseTemplate } from './template.ts';
import { NAMES } from './words.ts';

const name = z.string().min(1);
const variable = z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of an environment variable');
/** Header and envelope lines end at the line feed: no text may begin another line. */
const oneLine = name.refine((text) => !/\p{Cc}/u.test(text), 'must be one line without control characters');
const address = oneLine.refine((text) => /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(text), 'expected an e-mail address');

const template = name.superRefine((text, context) => {
  try {
    parseTemplate(text, NAMES);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Keys of every channel. */
const common = {
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, ".", "_" and "-" only')
    .optional()
    .describe('Name of the channel in events and messages; default: its type, with a number if there are several'),
  events: z
    .array(z.enum(['started', 'finished']))
    .min(1)
    .default(['finished'])
    .describe('Events about which the channel gets a message'),
  verdicts: z
    .array(z.enum(['passed', 'failed', 'broken', 'interrupted']))
    .min(1)
    .optional()
    .describe('Only if the run ends with one of these verdicts; default: with any verdict'),
  onlyOnChange: z
    .boolean()
    .default(false)
    .describe('Only if the verdict or the set of new errors differs from the previous run of the same workflow'),
  workflows: z.array(name).min(1).optional().describe('Only runs of these workflows or names (globs: `*`, `?`)'),
  templates: z
    .strictObject({
      subject: template.optional().describe('Subject of an e-mail'),
      started: template.optional().describe('Text when a run has started'),
      finished: template.optional().describe('Text when a run has finished'),
    })
    .default({})
    .describe('Texts that replace the built-in ones'),
};

const http = {
  caFile: filePath.optional().describe('PEM file of the authority that signed the server’s certificate'),
};

/** A webhook's address is a secret if it contains one, as those of Mattermost and Slack do. */
const secretUrl = {
  urlFile: filePath.optional().describe('File with the address of the incoming webhook'),
  urlEnv: variable.optional().describe('Environment variable with this address'),
};

const token = {
  tokenFile: filePath.optional().describe('File with the token that is sent as `Authorization: Bearer`'),
  tokenEnv: variable.optional().describe('Environment variable with the token'),
};

const password = {
  user: oneLine.optional().describe('User to sign in as, with a password'),
  passwordFile: filePath.optional().describe('File with the password'),
  passwordEnv: variable.optional().describe('Environment variable with the password'),
};

const jira = z
  .strictObject({
    type: z.literal('jira').describe('A comment on an issue'),
    url: httpUrl.describe('Address of JIRA, before `/rest`'),
    issue: issueKey.optional().describe('Key of the issue. `--jira KEY` replaces it. Without both, no message is sent'),
    watchers: z.array(oneLine).default([]).describe('Users who become watchers of the issue when a run starts'),
    ...token,
    ...password,
    ...http,
    ...common,
  })
  .check(exactlyOne('token', 'password'));

const mattermost = z
  .strictObject({
    type: z.literal('mattermost').describe('An incoming webhook of Mattermost'),
    channel: oneLine.optional().describe('Channel that replaces the webhook’s own channel'),
    username: oneLine.optional().describe('Name that is shown as the sender'),
    ...secretUrl,
    ...http,
    ...common,
  })
  .check(exactlyOne('url'));

const slack = z
  .strictObject({
    type: z.literal('slack').describe('An incoming webhook of Slack'),
    ...secretUrl,
    ...http,
    ...common,
  })
  .check(exactlyOne('url'));

const webhook = z
  .strictObject({
    type: z
      .literal('webhook')
      .describe('An HTTP request to your own address, with the event and the whole report as JSON'),
    url: httpUrl.optional().describe('Address to which relval sends the POST request'),
    ...secretUrl,
    ...token,
    ...http,
    ...common,
  })
  .check(exactlyOne('url'), atMostOne('token'));

const email = z
  .strictObject({
    type: z.literal('email').describe('An e-mail'),
    from: address.describe('Address of the sender'),
    to: z.array(address).min(1).describe('Addresses of the receivers'),
    contacts: z
      .boolean()
      .default(false)
      .describe('Also send to the contacts of components with new errors, if the contacts are e-mail addresses'),
    host: oneLine.describe('Mail server'),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(25)
      .describe('Port of the mail server: 25, 587 (with STARTTLS) or 465 (with `tls`)'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe(
        '`starttls`: nothing is sent without STARTTLS; `tls`: TLS from the first byte; `none`: no encryption, and never with a password',
      ),
    ...password,
    ...http,
    ...common,
  })
  .check(atMostOne('password'), ({ value, issues }) => {
    const secret = value.passwordFile ?? value.passwordEnv;
    if ((value.user === undefined) !== (secret === undefined))
      issues.push({ code: 'custom', input: value, message: 'user needs passwordFile or passwordEnv' });
    if (secret !== undefined && value.security === 'none')
      issues.push({ code: 'custom', input: value, message: 'a password is not sent without TLS', path: ['security'] });
  });

export const channelSchema = z.discriminatedUnion('type', [jira, mattermost, slack, webhook, email]);
export type Channel = z.output<typeof channelSchema>;
export type ChannelOf<Type extends Channel['type']> = Extract<Channel, { type: Type }>;

/** Section `notify` of `relval.yaml`: the channels that get messages when a run starts and ends. */
export const notifySection = z
  .strictObject({
    channels: z.array(channelSchema).default([]).describe('Where messages are sent, and how'),
    attempts: z
      .int()
      .min(1)
      .max(10)
      .default(4)
      .describe('Number of times that relval tries to send a message, with growing pauses'),
    requestSeconds: z.number().positive().max(300).default(10).describe('Seconds that one attempt may take'),
    totalSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(60)
      .describe('Seconds that all messages together may delay the end of `relval run`'),
  })
  .prefault({})
  .describe('Notifications: messages when a run starts and ends. See [notifications](notifications.md)');
export type NotifySettings = z.output<typeof notifySection>;

type Given = Record<string, unknown>;
interface Payload {
  value: Given;
  issues: z.core.$ZodRawIssue[];
}

/** Of each kind, counted over its forms (`token`: tokenFile, tokenEnv), exactly one must be set. */
function exactlyOne(...kinds: string[]): (payload: Payload) => void {
  return ({ value, issues }) => {
    const given = formsOf(kinds).filter((key) => value[key] !== undefined);
    if (given.length === 1) return;
    const message = `exactly one of ${formsOf(kinds).join(', ')} must be set`;
    issues.push({ code: 'custom', input: value, message });
  };
}

function atMostOne(...kinds: string[]): (payload: Payload) => void {
  return ({ value, issues }) => {
    const given = formsOf(kinds).filter((key) => value[key] !== undefined);
    if (given.length <= 1) return;
    issues.push({ code: 'custom', input: value, message: `only one of ${formsOf(kinds).join(', ')} may be set` });
  };
}

function formsOf(kinds: readonly string[]): string[] {
  return kinds.flatMap((kind) => [...(kind === 'url' ? ['url'] : []), `${kind}File`, `${kind}Env`]);
}
