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

The configuration is one YAML file, \`relval.yaml\`. relval looks for it in the current directory and in the directories above it, then at \`~/.config/relval/relval.yaml\` (\`$XDG_CONFIG_HOME\`), then at \`/etc/relval/relval.yaml\`.
It reads only the first file that it finds. \`--config FILE\` or \`$RELVAL_CONFIG\` names another file, \`--no-config\` none. Paths in the file are relative to the file; \`~/\` is the home directory.

relval uses a file that it found, wherever it found it, only if the file belongs to you or to root, and if nobody else can write it. The reason: the file can name programs (\`check.alienv\`), and it decides who gets which messages. Nobody else means: neither everybody nor the file's group. (A group with the same number as the file's owner counts as the private group of this user.) Otherwise the command ends with an error and exit status 2.
This is git's rule for \`safe.directory\`. relval does not check the directories above: a file that another user puts in the place of your file belongs to that user. A symbolic link must also belong to you or to root. If you are root by \`sudo\`, relval also accepts files of the user who called it (\`$SUDO_UID\`).
relval trusts a file that you name with \`--config\` or \`$RELVAL_CONFIG\`, and the files that a trusted file names: rules, policy, components, tokens. \`relval schedule\` checks \`nightly.yaml\` in the current directory in the same way; \`--file\` names it.

relval reports a mistake in the file with line and column, and runs nothing.

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

\`relval config\` shows the values that count, and where each value comes from (\`--json\` for programs). \`relval config --schema\` prints a JSON Schema; editors use it to complete and check the file.

## Flags

A flag wins over an environment variable, a variable wins over the file, and the file wins over the default. Each command uses only the keys that it has as flags. \`local\` and \`catalog\` exclude each other: the one from the stronger place counts.
If a section has the name of a command, its keys are flags of that command: \`listen\` in \`serve\` is \`relval serve --listen\` and \`$RELVAL_SERVE_LISTEN\`.
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
  return `\n### Words of templates\n\nrelval replaces \`{{name}}\` by its value, which it makes harmless for the channel. \`{{#name}}…{{/name}}\` appears if there is a value (for a list, once for each entry); \`{{^name}}…{{/name}}\` appears if there is none.\n\n${table(['word', 'meaning'], rows)}`;
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
