import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { configurationPage } from '../../../validation/config/page.ts';

it('docs/configuration.md says what the schema says; `npx vitest run --project unit test/validation/config -u` writes it', async () => {
  const file = createRequire(import.meta.url).resolve('release-validation/docs/configuration.md');
  await expect(configurationPage()).toMatchFileSnapshot(file);
});
