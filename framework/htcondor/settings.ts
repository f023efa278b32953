import { z } from 'zod';

/** `htcondor` of the configuration file: pools of HTCondor whose jobs are served. */
export const htcondorSchema = z.strictObject({
  collector: z
    .string()
    .regex(/^[\w.[\]:-]+$/, 'HOST or HOST:PORT')
    .describe('Collector of the pool, HOST:PORT'),
  schedds: z
    .array(z.string().regex(/^[\w.@+-]+$/, 'a name as condor_status -schedd shows it'))
    .min(1)
    .optional()
    .describe('Names of the schedds whose jobs are served; all that the collector lists where it is left out'),
  tokenFile: z.string().min(1).optional().describe('Token with which the framework reads queues and slots'),
  attributes: z
    .record(
      z.string().regex(/^[A-Za-z_]\w*$/, 'a name of an attribute'),
      z.union([z.string(), z.number(), z.boolean()]),
    )
    .optional()
    .describe('What the workers say of their machine (OpSysAndVer: Debian13), for jobs that ask for it'),
});

export type HTCondorSettings = z.infer<typeof htcondorSchema>;
