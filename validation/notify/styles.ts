import { printable } from '../report/printable.ts';
import type { Link, Style } from './template.ts';

/** Longest line of a log that is shown, in characters. */
const SHOWN = 480;
/** Invisible; it separates characters where no escape exists: Unicode's zero width space. */
const BREAK = '\u200b';

function oneLine(text: string): string {
  return printable(text).trim();
}

function cut(text: string): string {
  const characters = [...oneLine(text)];
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN).join('')}…` : characters.join('');
}

/** Marks are also inserted where a mention would begin, so that `@channel` mentions nobody. */
function noMention(text: string): string {
  return text.replaceAll('@', `@${BREAK}`);
}

/** E-mail is sent as plain text, without markup. */
export const PLAIN: Style = {
  text: oneLine,
  code: cut,
  link: ({ url, label }) => `${oneLine(label)}: ${url}`,
};

/**
 * JIRA's wiki markup: a backslash removes the meaning of the character after it. Two backslashes are a line break, and entities
 * are shown as characters, so backslashes and ampersands become entities.
 * https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
 */
export const JIRA: Style = {
  text: escapeWiki,
  code: (line) => `{{${escapeWiki(cut(line))}}}`,
  link: ({ url, label }) => `[${escapeWiki(label)}|${url.replace(/[|[\]{}!]/g, encodeURIComponent)}]`,
};

function escapeWiki(text: string): string {
  return oneLine(text)
    .replace(/[&\\{}[\]()*_+^~?!|#"'-]/g, (character) => WIKI_ENTITIES[character] ?? `\\${character}`)
    .replace(/^(h[1-6]|bq|fn\d*)\./, '$1&#46;');
}

const WIKI_ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '\\': '&#92;' };

/**
 * Markdown (CommonMark 0.31, section 2.4: a backslash before ASCII punctuation) as Mattermost reads it: it finds mentions
 * after escapes too, but not in code; Slack's `<!channel>` is a mention everywhere.
 * https://developers.mattermost.com/integrate/webhooks/incoming/#slack-compatibility
 */
export const MATTERMOST: Style = {
  text: (text) =>
    noMention(
      oneLine(text)
        .replace(/[\\`*_{}[\]()<>#!|~:&]/g, (character) => `\\${character}`)
        .replace(/^(\d*)([-+.=])/, '$1\\$2'),
    ),
  code: (line) => codeSpan(noMention(cut(line)).replaceAll('<', `<${BREAK}`)),
  link: ({ url, label }) => `[${MATTERMOST.text(label)}](<${url.replace(/[<>]/g, encodeURIComponent)}>)`,
};

/** Enclosed in more backticks than occur in a row inside it. */
function codeSpan(line: string): string {
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = /^`|`$/.test(line) ? ' ' : '';
  return line === '' ? '' : `${fence}${space}${line}${space}${fence}`;
}

/**
 * Slack's mrkdwn: only `&`, `<` and `>` can be escaped, which disables links and `<!channel>`. Emphasis works only at
 * the edge of a word, where an invisible space ends it.
 * https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
export const SLACK: Style = {
  text: (text) =>
    noMention(entities(oneLine(text))).replace(
      /(?<![\p{L}\p{N}])[*_~`]|[*_~`](?![\p{L}\p{N}])/gu,
      (character) => `${BREAK}${character}${BREAK}`,
    ),
  code: (line) => {
    const inside = noMention(entities(cut(line))).replaceAll('`', 'ˋ');
    return inside === '' ? '' : `\`${inside}\``;
  },
  link: ({ url, label }: Link) => `<${url.replace(/[<>|]/g, encodeURIComponent)}|${entities(oneLine(label))}>`,
};

function entities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
