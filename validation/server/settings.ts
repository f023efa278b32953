import { z } from 'zod';
import { filePath, hostPort, httpUrl } from '../input/yaml-types.ts';

/** Section `serve` of `relval.yaml`: the server of the page and of the REST interface. */
export const serveSection = z
  .strictObject({
    listen: hostPort.default('127.0.0.1:8080').describe('HOST:PORT on which the server listens. Port 0: any free port'),
    tokenFile: filePath
      .optional()
      .describe(
        'File with the token that clients need to start, stop, resume, retry and accept runs and to write exceptions. Without it the server is read-only',
      ),
    inputs: z
      .array(filePath)
      .default([])
      .describe(
        'Directories whose JDLs and workflows can be started from the page, with the token. Everybody who can write to these directories, or can start their JDLs, can run commands',
      ),
    nightlies: filePath.optional().describe('File of nightlies that can be started from the page, with the token'),
    exceptions: filePath
      .optional()
      .describe(
        'Rule file to which the page adds exceptions, with the token. It must also be in `rules`, so that later runs use it',
      ),
    settings: z
      .array(z.string().regex(/^[A-Za-z_]\w*$/, 'expected a key of a JDL'))
      .default([])
      .describe(
        'Keys of JDLs that clients may set to any value when they start a run from the page. Such a value can run commands',
      ),
    frameworks: z
      .array(httpUrl)
      .default([])
      .describe('Addresses of frameworks (their `--listen`) whose state the page shows'),
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Further host names of the server. It refuses requests with other names, as a protection against DNS rebinding',
      ),
    publicUrl: httpUrl
      .optional()
      .describe('Address at which users find the page. Links in notifications begin with it'),
  })
  .prefault({})
  .describe('The page and the REST interface: `relval serve`');
