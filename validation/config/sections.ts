import type { z } from 'zod';
import { notifySection } from '../notify/settings.ts';
import { checkSection } from '../preflight/settings.ts';
import { gcSection } from '../runs/retention/retention-settings.ts';
import { serveSection } from '../server/settings.ts';

/**
 * The sections of `relval.yaml`. Each is defined where it is used. Every section has a default, so that its part finds
 * settings also without a file. If a section has the name of a command (`serve`), its keys are also flags of the command.
 */
export const SECTIONS = {
  serve: serveSection,
  notify: notifySection,
  check: checkSection,
  gc: gcSection,
} satisfies Record<string, z.ZodPrefault<z.ZodObject>>;
