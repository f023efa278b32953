import { z } from 'zod';
import { filePath, hostPort, httpUrl } from '../input/yaml-types.ts';

/** Section `serve` of `relval.yaml`: the server of the page and of the REST interface. */
export const serveSection = z
  .strictObject({
    listen: hostPort.default('127.0.0.1:8080').describe('HOST:PORT to listen on; port 0 takes a free one'),
    tokenFile: filePath
      .optional()
      .describe('File with the token that starting and stopping runs needs; without one the server is read-only'),
    inputs: z
      .array(filePath)
      .default([])
      .describe('Directories whose JDLs and workflows can be started from the page, with the token'),
    frameworks: z
      .array(httpUrl)
      .default([])
      .describe('Addresses of `mesos-workqueue-framework`, as its `--listen` says: their state is shown'),
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe('Names, besides its address, that the server is known by: others are refused, against DNS rebinding'),
    publicUrl: httpUrl.optional().describe('Where users find the page; links in notifications begin with it'),
  })
  .prefault({})
  .describe('The page and the REST interface: `relval serve`');
