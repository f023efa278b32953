import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};
const COMPRESSIBLE = /^(text|image\/svg|application\/(json|manifest))/;

export interface PageFile {
  type: string;
  etag: string;
  /** Its name contains a hash of its content, so it never changes. */
  immutable: boolean;
  /** The content in the best encoding that the client accepts. */
  body(acceptEncoding: string): Promise<{ bytes: Buffer; encoding?: 'br' | 'gzip' }>;
}

/**
 * The files of the built page by path (`/assets/index-Bc1d2e.js`); undefined if it was not built.
 * @param root the path of the page in browsers, without a slash at its end. All addresses in the page begin with it
 */
export function loadPage(root: string, directory = builtPage()): Map<string, PageFile> | undefined {
  if (directory === undefined || !existsSync(join(directory, 'index.html'))) return undefined;
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [`/${relative(directory, path)}`, pageFile(path, root)];
      }),
  );
}

/** The directory of the built page. The path is the same from the sources and from the build. */
function builtPage(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('release-validation/dist/validation/web/index.html'));
  } catch {
    return undefined;
  }
}

function pageFile(path: string, root: string): PageFile {
  const bytes = path.endsWith('.html') ? below(root, readFileSync(path, 'utf8')) : readFileSync(path);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const compressible = COMPRESSIBLE.test(type) && bytes.length > 512;
  const brotli = once(() =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
  const gzipped = once(() => promisify(gzip)(bytes, { level: 9 }));
  return {
    type,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    immutable: /[.-][\w-]{8,}\.\w+$/.test(path) && path.includes('/assets/'),
    async body(accepted) {
      if (compressible && /\bbr\b/.test(accepted)) return { bytes: await brotli(), encoding: 'br' };
      if (compressible && /\bgzip\b/.test(accepted)) return { bytes: await gzipped(), encoding: 'gzip' };
      return { bytes };
    },
  };
}

/** The page with all addresses below a path. A `<base>` would do that too, but it would also change the links within a view. */
function below(root: string, html: string): Buffer {
  const attribute = root.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return Buffer.from(
    html
      .replaceAll(/(?<= (?:href|src)=")(?=\/)/g, () => attribute)
      .replace('<head>', () => `<head>\n    <meta name="root" content="${attribute}" />`),
  );
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
