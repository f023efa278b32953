import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// The large form of zod does this by itself.
z.config(en());

/**
 * The small form of zod, for what each look at a run loads: its schemas are made and loaded in a third of the time. See
 * https://zod.dev/packages/mini
 */
export { z };
