import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../../validation/config/load.ts';
import { notifySection } from '../../../validation/notify/settings.ts';

it('the examples of docs/notifications.md are valid', () => {
  const file = createRequire(import.meta.url).resolve('release-validation/docs/notifications.md');
  const [whole, own] = [...readFileSync(file, 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(
    (match) => match[1] ?? '',
  );
  expect(settingsSchema.parse(parse(whole ?? '')).notify.channels.map(({ type }) => type)).toEqual([
    'mattermost',
    'jira',
    'email',
    'webhook',
  ]);
  expect(notifySection.parse({ channels: parse(own ?? '') }).channels[0]?.templates.finished).toContain('{{verdict}}');
});
