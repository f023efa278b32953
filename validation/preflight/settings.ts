import { z } from 'zod';
import { filePath } from '../input/yaml-types.ts';
import { seconds } from '../units/parse.ts';

/** As long as the release managers of the predecessor wanted it. */
const PROXY_DAYS = 7;

/** Section `check` of `relval.yaml`: pre-flight checks, those before a run too. */
export const checkSection = z
  .strictObject({
    wait: z
      .string()
      .refine((text) => seconds(text) !== undefined, 'expected a time such as 20m')
      .optional()
      .describe('How long to wait for packages that are not published yet, such as 20m; default: not at all'),
    proxy: filePath.optional().describe('Proxy certificate; default: $X509_USER_PROXY, else /tmp/x509up_uUID'),
    proxyDays: z.number().nonnegative().default(PROXY_DAYS).describe('Days for which the proxy must be valid'),
    alienv: z.string().min(1).optional().describe('Program that lists packages; default: that of CVMFS'),
  })
  .prefault({})
  .describe('Pre-flight checks: `relval check`, and before each run');

export type CheckSettings = z.output<typeof checkSection>;
