import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protobufCodec as codec } from '../../../framework/mesos/codec.ts';
import { readTls, TlsFileError, type TlsOptions } from '../../../framework/mesos/tls.ts';
import { connect, master, until } from './harness.ts';
import { willing } from './scripted-master.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A certificate of `NAME.crt` with `NAME.key`, signed by the authority. */
function certify(name: string, extensions: string): void {
  writeFileSync(path(`${name}.ext`), extensions);
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
  );
  openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '1', '-extfile', `${name}.ext`, '-out', `${name}.crt`],
  );
}

beforeAll(() => {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '1',
    '-subj',
    '/CN=test ca',
  );
  certify('master', 'subjectAltName=IP:127.0.0.1');
  certify('client', 'extendedKeyUsage=clientAuth');
});

function serverTls(requestCert: boolean) {
  const pem = (name: string) => readFileSync(path(name));
  return {
    key: pem('master.key'),
    cert: pem('master.crt'),
    ca: pem('ca.crt'),
    requestCert,
    rejectUnauthorized: requestCert,
  };
}

async function trouble(address: string, tls?: TlsOptions): Promise<string> {
  const { connection } = connect(address, { secure: true, tls });
  await until(() => connection.state.lastError);
  const { lastError } = connection.state;
  await connection.stop();
  return lastError as string;
}

describe('a master behind TLS', () => {
  it('is trusted by an authority of one’s own, and by nothing else', async () => {
    const one = await master(willing(codec), serverTls(false));
    const { connection, events } = connect(one.address, { secure: true, tls: readTls({ caFile: path('ca.crt') }) });
    await until(() => events.length === 1);
    await connection.send({ type: 'REVIVE' });
    expect(connection.state.master).toBe(`https://${one.address}/`);

    expect(await trouble(one.address)).toMatch(/unable to verify|self-signed|local issuer/);
    const trusting = connect(one.address, { secure: true, tls: { rejectUnauthorized: false } });
    await until(() => trusting.events.length === 1);
  });

  it('may ask for a certificate of the client, on the stream and on calls', async () => {
    const one = await master(willing(codec), serverTls(true));
    const tls = readTls({ caFile: path('ca.crt'), certFile: path('client.crt'), keyFile: path('client.key') });
    const { connection, events } = connect(`https://${one.address}`, { tls });
    await until(() => events.length === 1);
    await connection.send({ type: 'REVIVE' });
    expect(one.requests).toHaveLength(2);

    expect(await trouble(one.address, readTls({ caFile: path('ca.crt') }))).toMatch(/SUBSCRIBE to https:/);
    expect(one.requests).toHaveLength(2);
  });

  it('is not spoken to in plain text', async () => {
    const one = await master(willing(codec), serverTls(false));
    const { connection } = connect(one.address);
    await until(() => connection.state.lastError);
    expect(one.requests).toEqual([]);
  });
});

describe('TLS files', () => {
  it('are refused with a reason when they are not what they should be', () => {
    expect(() => readTls({ certFile: path('client.crt') })).toThrow(/needs both files/);
    expect(() => readTls({ caFile: path('none.crt') })).toThrow(/cannot read .*none\.crt: ENOENT/);
    expect(() => readTls({ caFile: path('ca.key') })).toThrow(TlsFileError);
    expect(() => readTls({ certFile: path('client.crt'), keyFile: path('client.crt') })).toThrow(
      /does not contain a PRIVATE KEY/,
    );
    expect(readTls({})).toEqual({});
  });
});
