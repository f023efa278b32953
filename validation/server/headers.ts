import { createHash } from 'node:crypto';
import { STYLE } from '../graph/style.ts';

/** The page contains the graph with its style, so the policy allows this one style in the markup. */
const GRAPH_STYLE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The policy of the page: nothing from other sites, and no script or style in the markup. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${GRAPH_STYLE}`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The policy of an answer that is opened on its own: it runs nothing, loads nothing, and has no origin. */
const DATA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The policy of a report. The report's own policy names its style by a hash. Its links to logs open in the same tab. */
export const REPORT_POLICY = `${DATA_POLICY}; style-src 'unsafe-inline'; img-src data:`;
export const GRAPH_POLICY = `${DATA_POLICY}; style-src ${GRAPH_STYLE}`;

const COMMON = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

export const PAGE_HEADERS = { ...COMMON, 'content-security-policy': PAGE_POLICY } as const;
export const DATA_HEADERS = { ...COMMON, 'content-security-policy': DATA_POLICY, 'cache-control': 'no-cache' } as const;
