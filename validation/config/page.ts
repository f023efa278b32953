import { z } from 'zod';
import { WORDS } from '../notify/words.ts';
import { settingsSchema } from './load.ts';
import { flagOf, OPTIONS, variableOf } from './options.ts';
import { SECTIONS } from './sections.ts';

/** What of JSON Schema is used here. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  additionalProperties?: Schema | false;
}

const INTRODUCTION = `# Configuration

One YAML file, \`relval.yaml\`: the one in the current directory or in the nearest directory above it, else \`~/.config/relval/relval.yaml\` (\`$XDG_CONFIG_HOME\`), else \`/etc/relval/relval.yaml\`.
Only one file is read. \`--config FILE\` or \`$RELVAL_CONFIG\` names another, \`--no-config\` none. Relative paths in it are relative to the file; \`~/\` is the home directory.

The file can name programs (\`check.alienv\`), and whom is told what. So a file that was found, in whatever place, is only used if it belongs to you or to root and nobody else may write it: neither everybody nor its group (a group with the number of the file's owner is taken for the private group of that user). Else the command ends with an error and status 2.
This is git's rule for \`safe.directory\`. Directories above are not looked at: what another user puts in the place of your file belongs to that user. A symbolic link must be yours or root's too. Root that comes by \`sudo\` also takes files of the user who called it (\`$SUDO_UID\`).
A file that you name with \`--config\` or \`$RELVAL_CONFIG\` is trusted, and so are the files that a trusted file names: rules, policy, components, tokens. \`relval schedule\` looks at \`nightly.yaml\` in the current directory in the same way; \`--file\` names it.

A mistake in the file is told with line and column, and nothing is run.

\`\`\`yaml
runs: /data/relval/runs
catalog: catalog.example.org:9097
retries: 3
serve:
  listen: 0.0.0.0:8080
  tokenFile: /etc/relval/token
  publicUrl: https://relval.example.org
notify:
  channels:
    - type: mattermost
      urlFile: /etc/relval/mattermost-url
      onlyOnChange: true
\`\`\`

\`relval config\` shows what counts and where each value comes from (\`--json\` for programs); \`relval config --schema\` prints a JSON Schema, with which editors complete and check the file.

## Flags

Flags beat environment variables, which beat the file, which beats the defaults. Each command takes those that it has. Of \`local\` and \`catalog\` the one that is given nearer to you counts.
The keys of a section that has the name of a command are flags of that command: \`listen\` in \`serve\` is \`relval serve --listen\` and \`$RELVAL_SERVE_LISTEN\`.
`;

/** docs/configuration.md: all of it is made from the schema that `relval.yaml` is checked with. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' }) as Schema;
  const options = Object.keys(OPTIONS).map((name) => {
    const one = schema.properties?.[name] ?? {};
    return [
      `\`${name}\``,
      `\`--${flagOf(name)}\``,
      `\`${variableOf(name)}\``,
      one.description ?? '',
      typeOf(one),
      defaultOf(one),
    ];
  });
  const sections = Object.keys(SECTIONS).map((name) => section(name, schema.properties?.[name] ?? {}));
  return `${INTRODUCTION}\n${table(['key', 'flag', 'variable', 'meaning', 'type', 'default'], options)}${sections.join('')}${words()}`;
}

function words(): string {
  const rows = Object.entries(WORDS).map(([name, meaning]) => [`\`{{${name}}}\``, meaning]);
  return `\n### Words of templates\n\n\`{{name}}\` is filled in, made harmless for the channel; \`{{#name}}…{{/name}}\` stands where it is there, of a list once for each entry; \`{{^name}}…{{/name}}\` where it is not.\n\n${table(['word', 'meaning'], rows)}`;
}

function section(name: string, schema: Schema): string {
  const lists = Object.entries(schema.properties ?? {}).flatMap(([key, { items }]) =>
    items?.oneOf ? [variants(`${name}.${key}`, items.oneOf)] : [],
  );
  return `\n## ${name}\n\n${schema.description ?? ''}.\n\n${keys(schema)}${lists.join('')}`;
}

/** A list whose entries are of several types: what all have, then each. */
function variants(name: string, all: Schema[]): string {
  const shared = Object.keys(all[0]?.properties ?? {}).filter(
    (key) => new Set(all.map(({ properties }) => JSON.stringify(properties?.[key]))).size === 1,
  );
  const own = all.map((one) => {
    const type = one.properties?.type;
    return `\n### ${name}: \`type: ${type?.const}\`\n\n${type?.description ?? ''}.\n\n${keys(one, (key) => key !== 'type' && !shared.includes(key))}`;
  });
  return `\n### ${name}: each\n\n${keys(all[0] ?? {}, (key) => shared.includes(key))}${own.join('')}`;
}

function keys(schema: Schema, isWanted = (_key: string): boolean => true): string {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([key, one]) =>
    isWanted(key) ? rowsOf(key, one, schema.required?.includes(key) ?? false) : [],
  );
  return table(['key', 'meaning', 'type', 'default'], rows);
}

function rowsOf(key: string, schema: Schema, isRequired: boolean): string[][] {
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => rowsOf(`${key}.${name}`, one, false));
  const row = [`\`${key}\``, schema.description ?? '', typeOf(schema), isRequired ? 'required' : defaultOf(schema)];
  return [row, ...inside];
}

function typeOf({ type, enum: values, const: only, items, oneOf, anyOf, additionalProperties }: Schema): string {
  if (only !== undefined) return `\`${only}\``;
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  const many = oneOf ?? anyOf;
  if (many) return [...new Set(many.map(typeOf))].join(' or ');
  if (type === 'array')
    return items?.enum ? `list of ${typeOf(items)}` : `list${items?.type === 'string' ? ' of text' : ''}`;
  if (type === 'object') return additionalProperties ? 'map' : 'section';
  return { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' }[type ?? ''] ?? '';
}

function defaultOf({ default: value }: Schema): string {
  if (value === undefined || JSON.stringify(value) === '{}') return '';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one) => `\`${one}\``).join(', ');
  return `\`${value}\``;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
