/** The addresses of the page's views, and of their requests to the server. Every part of a path is escaped here. */
export type Route =
  | { view: 'runs' }
  | { view: 'run'; run: string }
  | { view: 'step'; run: string; step: string }
  | { view: 'compare'; a: string; b: string }
  | { view: 'workflows' }
  | { view: 'workflow'; name: string }
  | { view: 'cluster' }
  | { view: 'unknown' };

/** The path of the page's root without a slash at its end: empty, or for example `/relval` behind a proxy. */
let root = '';

/** Sets the path of the server. @param path without a slash at its end */
export function setRoot(path: string): void {
  root = path;
}

/** @param path in the form of `location.pathname` */
export function parseRoute(path: string): Route {
  const parts = partsOf(path.startsWith(`${root}/`) ? path.slice(root.length) : path);
  const [first, second, third, fourth] = parts;
  if (parts.length === 0) return { view: 'runs' };
  if (first === 'cluster' && parts.length === 1) return { view: 'cluster' };
  if (first === 'workflows' && parts.length === 1) return { view: 'workflows' };
  if (first === 'workflows' && parts.length === 2 && second) return { view: 'workflow', name: second };
  if (first === 'compare' && parts.length === 3 && second && third) return { view: 'compare', a: second, b: third };
  if (first === 'runs' && second) {
    if (parts.length === 2) return { view: 'run', run: second };
    if (parts.length === 4 && third === 'steps' && fourth) return { view: 'step', run: second, step: fourth };
  }
  return { view: 'unknown' };
}

function partsOf(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return ['?'];
  }
}

type Query = Record<string, string | number | boolean | undefined>;

/** Joins escaped parts and a query. The query has no keys whose value is undefined, false or empty. */
export function pathOf(parts: readonly string[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '' && value !== false) search.set(key, String(value));
  }
  const text = search.toString();
  return `${root}/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function apiPath(parts: readonly string[], query: Query = {}): string {
  return pathOf(['api', 'v1', ...parts], query);
}

export function runPath(run: string, view?: string): string {
  return pathOf(['runs', run], { view });
}

/** @param name a name of runs, or a workflow */
export function workflowPath(name: string): string {
  return pathOf(['workflows', name]);
}

/** @param line the first line to show and mark */
export function stepPath(
  run: string,
  step: string,
  log: { stream?: string; attempt?: number; line?: number } = {},
): string {
  const { stream, attempt, line } = log;
  return `${pathOf(['runs', run, 'steps', step], { stream, attempt })}${line === undefined ? '' : `#L${line}`}`;
}
