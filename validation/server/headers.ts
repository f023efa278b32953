import { createHash } from 'node:crypto';
import { STYLE } from '../graph/style.ts';

/** The graph is put into the page with its style: that one, and no other, may stand in the markup. */
const GRAPH_STYLE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** Nothing from anywhere else, no script and no style in the markup. */
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

/** An answer that was opened by itself: it can run nothing, load nothing, and has no origin. */
const DATA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** A report, whose own policy names its style by its hash; its links to logs go on within its tab. */
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
