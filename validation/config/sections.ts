import type { z } from 'zod';
import { notifySection } from '../notify/settings.ts';
import { checkSection } from '../preflight/settings.ts';
import { gcSection } from '../runs/retention/retention-settings.ts';
import { serveSection } from '../server/settings.ts';

/**
 * The sections of `relval.yaml`, each described where it is used. Every section has a default, so that a part finds its
 * settings there also without a file. The keys of a section that has the name of a command (`serve`) are flags of it too.
 */
export const SECTIONS = {
  serve: serveSection,
  notify: notifySection,
  check: checkSection,
  gc: gcSection,
} satisfies Record<string, z.ZodPrefault<z.ZodObject>>;
