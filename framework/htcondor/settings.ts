import { z } from 'zod';

/** Section `htcondor` of the configuration file: the HTCondor pools whose jobs the framework serves. */
export const htcondorSchema = z.strictObject({
  collector: z
    .string()
    .regex(/^[\w.[\]:-]+$/, 'HOST or HOST:PORT')
    .describe('Collector of the pool, HOST:PORT'),
  schedds: z
    .array(z.string().regex(/^[\w.@+-]+$/, 'a name as condor_status -schedd shows it'))
    .min(1)
    .optional()
    .describe('Names of the schedds whose jobs are served. Default: all schedds that the collector lists'),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .describe('File with the token with which the framework reads queues and slots'),
  attributes: z
    .record(
      z.string().regex(/^[A-Za-z_]\w*$/, 'a name of an attribute'),
      z.union([z.string(), z.number(), z.boolean()]),
    )
    .optional()
    .describe('Attributes that the workers advertise (for example OpSysAndVer: Debian13), for jobs that require them'),
});

export type HTCondorSettings = z.infer<typeof htcondorSchema>;
