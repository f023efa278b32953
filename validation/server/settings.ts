import { z } from 'zod';
import { filePath, hostPort, httpUrl } from '../input/yaml-types.ts';

/** Section `serve` of `relval.yaml`: the server of the page and of the REST interface. */
export const serveSection = z
  .strictObject({
    listen: hostPort
      .default('127.0.0.1:8080')
      .describe('HOST:PORT on which the server listens; port 0 takes a free port'),
    tokenFile: filePath
      .optional()
      .describe('File with the token that is needed to start and stop runs; without it the server is read-only'),
    inputs: z
      .array(filePath)
      .default([])
      .describe(
        'Directories whose JDLs and workflows can be started from the page, with the token. Everybody who can write there or start them can run commands',
      ),
    settings: z
      .array(z.string().regex(/^[A-Za-z_]\w*$/, 'expected a key of a JDL'))
      .default([])
      .describe(
        'Keys of JDLs that may be set to any value when a run is started from the page. Such a value can run commands',
      ),
    frameworks: z
      .array(httpUrl)
      .default([])
      .describe('Addresses of frameworks (their `--listen`) whose state is shown'),
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Names of the server, besides its address. Requests with other names are refused, against DNS rebinding',
      ),
    publicUrl: httpUrl
      .optional()
      .describe('Address at which users find the page; links in notifications begin with it'),
  })
  .prefault({})
  .describe('The page and the REST interface: `relval serve`');
