// Searches a log in a thread of its own, so that neither a large file nor a bad regular expression holds up the server.
// Plain JavaScript, because it is started as a file, from the sources as well as from the build.
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** A line is searched up to this length. */
const BLOCK = 1024 * 1024;
const LINE_FEED = 10;
/** UTF-16 units of a line that are shown, and how many of them before the match. */
const SHOWN = 400;
const BEFORE = 80;

/**
 * @typedef {object} Job
 * @property {Part[]} parts of the log
 * @property {number} size bytes to be searched
 * @property {number} offset start of the first line to be searched
 * @property {number} line number of that line, from 1
 * @property {string} q
 * @property {boolean} regex
 * @property {boolean} matchCase
 * @property {number} limit largest number of matches
 * @property {number} budgetMs
 */

/** @typedef {{start: number, size: number, from: number | Uint8Array}} Part as in open-log.ts; a file by its descriptor */
/** @typedef {import('./answers.ts').LogSearch['matches'][number]} Match */

const buffer = Buffer.allocUnsafe(BLOCK);

/** @param {Job} job @returns {{matches: Match[], next?: number}} */
function search(job) {
  const { parts, size, limit } = job;
  const end = performance.now() + job.budgetMs;
  const find = finder(job);
  /** @type {Match[]} */
  const matches = [];
  let { line, offset } = job;
  /** Within a line whose first part has been searched. */
  let within = false;
  while (offset < size) {
    const got = readAt(parts, Math.min(BLOCK, size - offset), offset);
    if (got === 0) break;
    let block = buffer.subarray(0, got);
    offset += got;
    if (within) {
      const next = block.indexOf(LINE_FEED);
      if (next < 0) continue;
      block = block.subarray(next + 1);
      line++;
      within = false;
    }
    const last = block.lastIndexOf(LINE_FEED);
    if (offset < size && last >= 0) {
      offset -= block.length - last - 1;
      block = block.subarray(0, last + 1);
    }
    within = offset < size && last < 0 && block.length > 0;
    const found = find(block, line, limit - matches.length);
    matches.push(...found.matches);
    if (matches.length >= limit) return { matches, next: /** @type {Match} */ (matches.at(-1)).line };
    line = found.line;
    if (performance.now() > end && offset < size && !within) return { matches, next: line - 1 };
  }
  return { matches };
}

/** Fills the buffer with the bytes at an offset. @param {Part[]} parts @param {number} length @param {number} offset */
function readAt(parts, length, offset) {
  let got = 0;
  for (const { start, size, from } of parts) {
    while (got < length && offset + got >= start && offset + got < start + size) {
      const at = offset + got - start;
      const wanted = Math.min(length - got, size - at);
      if (typeof from !== 'number') buffer.set(from.subarray(at, at + wanted), got);
      const read = typeof from === 'number' ? readSync(from, buffer, got, wanted, at) : wanted;
      if (read === 0) return got;
      got += read;
    }
  }
  return got;
}

/**
 * Makes a function that searches a block of whole lines. `line` is the number of its first line; the result has the number of
 * the line after the block.
 * @param {Job} job
 * @returns {(block: Buffer, line: number, limit: number) => {matches: Match[], line: number}}
 */
function finder({ q, regex, matchCase }) {
  if (regex) {
    const pattern = new RegExp(q, matchCase ? '' : 'i');
    return (block, line, limit) => findInLines(block.toString('utf8'), pattern, line, limit);
  }
  if (!matchCase) {
    const pattern = new RegExp(q.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi');
    return (block, line, limit) => findInText(block.toString('utf8'), pattern, line, limit);
  }
  const needle = Buffer.from(q);
  return (block, line, limit) => findBytes(block, needle, q.length, line, limit);
}

/** @param {Buffer} block @param {Buffer} needle @param {number} length @param {number} first @param {number} limit */
function findBytes(block, needle, length, first, limit) {
  /** @type {Match[]} */
  const matches = [];
  let line = first;
  let from = 0;
  for (let at = block.indexOf(needle); at >= 0 && matches.length < limit; at = block.indexOf(needle, from)) {
    line += lineFeeds(block, from, at);
    const start = block.lastIndexOf(LINE_FEED, at) + 1;
    const feed = block.indexOf(LINE_FEED, at);
    const end = feed < 0 ? block.length : feed;
    const column = block.toString('utf8', start, at).length;
    matches.push(matchOf(line, block.toString('utf8', start, end), column, length));
    from = end;
  }
  return { matches, line: line + lineFeeds(block, from, block.length) };
}

/** @param {string} text @param {RegExp} pattern global @param {number} first @param {number} limit */
function findInText(text, pattern, first, limit) {
  /** @type {Match[]} */
  const matches = [];
  let line = first;
  let from = 0;
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found && matches.length < limit; found = pattern.exec(text)) {
    line += lineFeedsOf(text, from, found.index);
    const start = text.lastIndexOf('\n', found.index) + 1;
    const feed = text.indexOf('\n', found.index);
    const end = feed < 0 ? text.length : feed;
    matches.push(matchOf(line, text.slice(start, end), found.index - start, found[0].length));
    from = end;
    pattern.lastIndex = end;
  }
  return { matches, line: line + lineFeedsOf(text, from, text.length) };
}

/** @param {string} text @param {RegExp} pattern @param {number} first @param {number} limit */
function findInLines(text, pattern, first, limit) {
  /** @type {Match[]} */
  const matches = [];
  let line = first;
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    const content = text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    const found = pattern.exec(content);
    if (found) {
      matches.push(matchOf(line, content, found.index, found[0].length));
      if (matches.length >= limit) break;
    }
    if (feed >= 0) line++;
    start = end + 1;
  }
  return { matches, line };
}

/** @param {number} line @param {string} text @param {number} index @param {number} length @returns {Match} */
function matchOf(line, text, index, length) {
  const from = text.length <= SHOWN ? 0 : Math.max(0, index - BEFORE);
  const shown = text.slice(from, from + SHOWN);
  return {
    line,
    column: index + 1,
    length,
    text: shown.endsWith('\r') ? shown.slice(0, -1) : shown,
    start: from + 1,
  };
}

/** @param {Buffer} bytes @param {number} from @param {number} to */
function lineFeeds(bytes, from, to) {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === LINE_FEED) count++;
  return count;
}

/** @param {string} text @param {number} from @param {number} to */
function lineFeedsOf(text, from, to) {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

parentPort?.on('message', (/** @type {Job} */ job) => {
  try {
    parentPort?.postMessage({ result: search(job) });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
