import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { protobufCodec as codec } from '../../../framework/mesos/codec.ts';
import {
  basic,
  bearer,
  type Credentials,
  CredentialsError,
  readCredentials,
} from '../../../framework/mesos/credentials.ts';
import { fixture } from './fixtures.ts';
import { connect, type LogLine, logTo, master, until } from './harness.ts';
import { willing } from './scripted-master.ts';

const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));
let lines: LogLine[] = [];
beforeEach(() => {
  lines = [];
});

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const read = (sources: Parameters<typeof readCredentials>[0]) => readCredentials(sources, logTo(lines)) as Credentials;
const decoded = (credentials: Credentials) =>
  Buffer.from(credentials.authorization().replace('Basic ', ''), 'base64').toString();

describe('credentials', () => {
  it('come from a file in either form that Mesos reads', () => {
    const plain = read({ credentialFile: file('plain', 'workqueue s3cret\n') });
    expect(plain.authorization()).toBe('Basic d29ya3F1ZXVlOnMzY3JldA==');
    expect(plain.principal).toBe('workqueue');
    const json = read({ credentialFile: file('json', '{"principal": "workqueue", "secret": "a b:c ü"}') });
    expect(decoded(json)).toBe('workqueue:a b:c ü');
    expect(lines).toEqual([]);
  });

  it('come from a secret beside a principal, or from a token file, or not at all', () => {
    expect(decoded(read({ principal: 'workqueue', secret: 's3cret' }))).toBe('workqueue:s3cret');
    const token = read({ tokenFile: file('token', 'abc.def-ghi\n') });
    expect(token.authorization()).toBe('Bearer abc.def-ghi');
    expect(token.principal).toBeUndefined();
    expect(read({})).toBeUndefined();
    expect(read({ principal: 'workqueue', secret: '' })).toBeUndefined();
  });

  it('are what the recorded requests carried', () => {
    const request = fixture('http', '401_wrong_password.request.http').toString();
    expect(request).toContain(`Authorization: ${basic('workqueue', 'bad').authorization()}\r\n`);
  });

  it('warn when everybody may read their file', () => {
    const path = file('open', 'workqueue s3cret', 0o644);
    read({ credentialFile: path });
    expect(lines).toEqual([{ level: 'warn', fields: { file: path }, message: expect.stringContaining('chmod') }]);
  });

  it('are refused with a reason, but without their content', () => {
    const bad: [Parameters<typeof readCredentials>[0], RegExp][] = [
      [{ credentialFile: join(folder, 'none') }, /cannot read the credentials: ENOENT/],
      [{ credentialFile: file('one-word', 'hunter2') }, /must hold "PRINCIPAL SECRET"/],
      [{ credentialFile: file('two-lines', 'a hunter2\nb hunter2') }, /must hold "PRINCIPAL SECRET"/],
      [
        { credentialFile: file('json-half', '{"principal": "a", "secret": hunter2}') },
        /begins like JSON but is not valid JSON/,
      ],
      [{ credentialFile: file('json-less', '{"principal": "hunter2"}') }, /must hold/],
      [{ credentialFile: file('colon', 'a:b hunter2') }, /must not contain ":"/],
      [{ tokenFile: file('two-words', 'hunter2 hunter2') }, /one word of printable ASCII/],
      [{ tokenFile: file('empty', '\n') }, /one word of printable ASCII/],
      [{ secret: 'hunter2' }, /no principal/],
      [{ principal: 'a', secret: 'hunter2', tokenFile: file('t', 'hunter2') }, /more than one/],
    ];
    for (const [sources, reason] of bad) {
      expect(() => read(sources)).toThrow(CredentialsError);
      expect(() => read(sources)).toThrow(reason);
      expect(() => read(sources)).not.toThrow(/hunter2/);
    }
  });

  it('show no secret, however they are printed', () => {
    const all = [
      basic('workqueue', 'hunter2'),
      bearer('hunter2'),
      read({ credentialFile: file('printed', 'workqueue hunter2') }),
    ];
    const logged: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) });
    for (const credentials of all) {
      log.info({ credentials, nested: { deep: [credentials] } }, `${credentials}`);
      const shown = [
        String(credentials),
        JSON.stringify({ credentials }),
        inspect(credentials, { depth: 9, showHidden: true }),
        inspect({ nested: { credentials } }, { depth: 9 }),
        ...logged,
      ].join('\n');
      expect(shown).toContain('[redacted]');
      for (const secret of ['hunter2', Buffer.from('workqueue:hunter2').toString('base64')]) {
        expect(shown).not.toContain(secret);
      }
    }
    expect(String(all[0])).toBe('Basic workqueue:[redacted]');
  });
});

describe('a connection with credentials', () => {
  it.each([
    ['Basic', basic('workqueue', 's3cret'), 'Basic d29ya3F1ZXVlOnMzY3JldA=='],
    ['Bearer', bearer('tok.en'), 'Bearer tok.en'],
  ])('shows them (%s) on SUBSCRIBE and on every call, and never in its log', async (_, credentials, header) => {
    const one = await master(willing(codec));
    const { connection, events, log } = connect(one.address, { credentials });
    await until(() => events.length === 1);
    await connection.send({ type: 'REVIVE' });
    expect(one.requests.map(({ headers }) => headers.Authorization)).toEqual([header, header]);
    const shown = JSON.stringify([log, connection.state]) + inspect(connection, { depth: 9, showHidden: true });
    expect(shown).not.toContain(header.split(' ')[1]);
  });

  it('reads a token that was replaced before it subscribes again, and keeps the old one if it cannot', async () => {
    const one = await master(willing(codec));
    const path = file('rotating', 'old-token');
    const { events, log } = connect(one.address, { credentials: read({ tokenFile: path }) });
    await until(() => events.length === 1);
    writeFileSync(path, 'new-token');
    one.requests[0]?.socket.destroy();
    await until(() => events.length === 2);
    rmSync(path);
    one.requests[1]?.socket.destroy();
    await until(() => events.length === 3);
    expect(one.requests.map(({ headers }) => headers.Authorization)).toEqual([
      'Bearer old-token',
      'Bearer new-token',
      'Bearer new-token',
    ]);
    expect(log.some(({ level, message }) => level === 'error' && message.includes('the former ones stay in use'))).toBe(
      true,
    );
  });
});
