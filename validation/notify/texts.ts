import { JIRA, MATTERMOST, PLAIN, SLACK } from './styles.ts';
import type { Style } from './template.ts';
import type { NotifyEvent } from './words.ts';

/** Channels that show a text; a `webhook` gets JSON. */
export type TextChannel = 'jira' | 'mattermost' | 'slack' | 'email';

export const STYLES: Readonly<Record<TextChannel, Style>> = {
  jira: JIRA,
  mattermost: MATTERMOST,
  slack: SLACK,
  email: PLAIN,
};

/** Most characters of a message: JIRA 32767, Mattermost 16383, Slack 40000 (4000 are advised); with a margin. */
export const LIMITS: Readonly<Record<TextChannel, number>> = {
  jira: 30_000,
  mattermost: 16_000,
  slack: 12_000,
  email: 100_000,
};

export const SUBJECT =
  '[relval] {{name}} {{#verdict}}{{verdict}}: {{reason}}{{/verdict}}{{^verdict}}started{{/verdict}}';

/** The built-in texts: first the verdict, then the new errors and their contacts, then links. */
export function builtIn(channel: TextChannel, event: NotifyEvent): string {
  const bold = { jira: '*', mattermost: '**', slack: '*', email: '' }[channel];
  const item = { jira: '*', mattermost: '-', slack: '•', email: '  -' }[channel];
  const strong = (text: string): string => `${bold}${text}${bold}`;
  if (event === 'started') {
    return `${strong('Started')} {{name}}: {{steps}} steps of workflow {{workflow}}{{#release}}, {{release}}{{/release}}, run {{run}}
{{#page}}
{{page}}
{{/page}}
`;
  }
  return `${strong('{{verdict}}')} {{name}}{{#release}} ({{release}}){{/release}}: {{reason}}

{{#components}}
${strong('{{component}}')}{{#contacts}} ({{contacts}}){{/contacts}}: {{new}} {{#reference}}new{{/reference}}{{^reference}}found{{/reference}}
{{#findings}}
${item} {{message}} ({{rule}} in {{steps}}{{#log}}, {{log}}{{/log}})
{{/findings}}
{{#more}}
${item} and {{more}} more
{{/more}}

{{/components}}
{{#fixed}}
${item} fixed: {{message}} ({{rule}})
{{/fixed}}
{{#changes}}
${item} {{change}}
{{/changes}}
Run {{run}}, {{steps}} steps in {{took}}: {{errors}} errors, {{warnings}} warnings{{#reference}}; compared with {{reference}}: {{new}} new, {{known}} known{{/reference}}
{{#page}}
{{page}}{{#report}} · {{report}}{{/report}}
{{/page}}
`;
}
