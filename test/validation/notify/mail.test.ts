import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import tmp from 'tmp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Notified, planNotifications, sendNotifications } from '../../../validation/notify/notify.ts';
import { notifySection } from '../../../validation/notify/settings.ts';
import type { Report } from '../../../validation/report/model.ts';
import { makeCertificates } from './certificates.ts';
import { finding, occasion, report } from './occasion.ts';

tmp.setGracefulCleanup();
const PASSWORD = 'pa ss:wörd';
let dir: tmp.DirResult;
let tls: ReturnType<typeof makeCertificates>;
const closing: (() => Promise<void>)[] = [];

beforeAll(() => {
  dir = tmp.dirSync({ unsafeCleanup: true });
  tls = makeCertificates(dir.name);
  writeFileSync(join(dir.name, 'password'), `${PASSWORD}\n`);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => dir.removeCallback());

interface Mail {
  from: string;
  to: string[];
  text: string;
  isSecure: boolean;
  user: string | undefined;
}

async function mailServer(
  options: SMTPServerOptions = {},
): Promise<{ port: number; mails: Mail[]; connections: () => number }> {
  const mails: Mail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    key: readFileSync(tls.key),
    cert: readFileSync(tls.cert),
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections++;
      done();
    },
    onAuth: ({ username, password }, _session, done) =>
      password === PASSWORD ? done(null, { user: username }) : done(new Error(`no: ${password}`)),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (part) => {
        text += part;
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text,
          isSecure: session.secure,
          user: session.user,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails, connections: () => connections };
}

async function rawServer(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function send(port: number, more: object = {}, limits: object = {}, about: Report = report()): Promise<Notified> {
  const channel = {
    type: 'email',
    from: 'relval@example.org',
    to: ['shift@example.org'],
    host: '127.0.0.1',
    port,
    caFile: tls.ca,
    ...more,
  };
  const settings = notifySection.parse({
    channels: [channel],
    attempts: 3,
    requestSeconds: 60,
    totalSeconds: 90,
    ...limits,
  });
  const told: Notified[] = [];
  await sendNotifications(
    settings,
    planNotifications(settings, occasion({ report: about })),
    (one) => told.push(one),
    0.01,
  );
  return told[0] as Notified;
}

const login = {
  user: 'relval',
  get passwordFile() {
    return join(dir.name, 'password');
  },
};

describe('an e-mail', () => {
  it('is sent behind STARTTLS, with user and password', async () => {
    const { port, mails } = await mailServer();
    expect(await send(port, { ...login })).toEqual({ channel: 'email', outcome: 'sent', attempts: 1 });
    expect(mails).toMatchObject([
      { from: 'relval@example.org', to: ['shift@example.org'], isSecure: true, user: 'relval' },
    ]);
    const { text } = mails[0] as Mail;
    expect(text).toMatch(/^Subject: \[relval\] nightly FAILED: 1 new error in sim0003\r$/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toMatch(/^Message-ID: <nightly-20290615-080000\.finished@example\.org>\r$/m);
    expect(text).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
    expect(text.replaceAll('=\r\n', '')).toContain('TPC (A. Expert <tpc@example.org>): 1 new');
  });

  it('is sent over TLS from the first byte, or plain where that is asked for', async () => {
    const secure = await mailServer({ secure: true });
    expect((await send(secure.port, { ...login, security: 'tls' })).outcome).toBe('sent');
    expect(secure.mails[0]).toMatchObject({ isSecure: true, user: 'relval' });
    const plain = await mailServer({ hideSTARTTLS: true });
    expect((await send(plain.port, { security: 'none' })).outcome).toBe('sent');
    expect(plain.mails[0]).toMatchObject({ isSecure: false });
  });

  it('is not sent where STARTTLS is not offered, or the certificate is not trusted', async () => {
    const plain = await mailServer({ disabledCommands: ['STARTTLS'] });
    expect(await send(plain.port)).toMatchObject({ outcome: 'failed', attempts: 1 });
    expect(plain.mails).toEqual([]);
    const own = await mailServer();
    expect(await send(own.port, { caFile: undefined })).toMatchObject({
      outcome: 'failed',
      attempts: 1,
      message: expect.stringMatching(/certificate/),
    });
    expect(own.mails).toEqual([]);
  });

  it('is sent again after 4xx, as greylisting asks for', async () => {
    let asked = 0;
    const { port, mails } = await mailServer({
      onRcptTo: (_address, _session, done) => {
        asked++;
        done(asked < 3 ? Object.assign(new Error('greylisted, come again'), { responseCode: 451 }) : null);
      },
    });
    expect(await send(port)).toMatchObject({ outcome: 'sent', attempts: 3 });
    expect(mails).toHaveLength(1);
  });

  it('is given up at once after 5xx, and a wrong password is not shown', async () => {
    const refusing = await mailServer({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    expect(await send(refusing.port)).toMatchObject({
      outcome: 'failed',
      attempts: 1,
      message: expect.stringContaining('no such user'),
    });
    const strict = await mailServer({
      onAuth: ({ password }, _session, done) =>
        done(Object.assign(new Error(`${password} is wrong`), { responseCode: 535 })),
    });
    const told = await send(strict.port, { ...login });
    expect(told).toMatchObject({ outcome: 'failed', attempts: 1, message: expect.stringContaining('*** is wrong') });
    expect(strict.connections()).toBe(1);
  });

  it('names the refused receivers if others got it', async () => {
    const { port, mails } = await mailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith('gone') ? Object.assign(new Error('gone'), { responseCode: 550 }) : null),
    });
    const told = await send(port, { to: ['shift@example.org', 'gone@example.org'] });
    expect(told).toMatchObject({ outcome: 'sent', message: 'refused for gone@example.org' });
    expect(mails[0]?.to).toEqual(['shift@example.org']);
  });

  it('survives a server that drops the connection in DATA, once or always', async () => {
    let dropped = 0;
    const port = await rawServer((socket) => {
      socket.write('220 test\r\n');
      socket.on('data', (part) => {
        const line = part.toString();
        if (/^(EHLO|MAIL|RCPT)/.test(line)) socket.write('250 ok\r\n');
        else if (/^DATA/.test(line)) {
          dropped++;
          socket.destroy();
        }
      });
    });
    expect(await send(port, { security: 'none' })).toMatchObject({ outcome: 'failed', attempts: 3 });
    expect(dropped).toBe(3);
  });

  it('does not wait for a server that says nothing, or nothing useful', async () => {
    const silent = await rawServer(() => {});
    expect(await send(silent, {}, { requestSeconds: 0.3, attempts: 2 })).toMatchObject({
      outcome: 'failed',
      attempts: 2,
      message: 'the receiver did not answer within 1 s',
    });
    const garbage = await rawServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await send(garbage)).toMatchObject({ outcome: 'failed' });
  });

  it('gets no further headers, receivers or parts from the text of a log', async () => {
    const { port, mails } = await mailServer();
    const evil = 'x\r\nBcc: victim@example.org\r\n\r\n<b>hi</b>\r\n.\r\nQUIT\r\n';
    const hostile = report({ reason: evil, findings: [finding('s', evil, { component: evil })] });
    expect((await send(port, {}, {}, hostile)).outcome).toBe('sent');
    const { to, text } = mails[0] as Mail;
    expect(to).toEqual(['shift@example.org']);
    const headers = text.slice(0, text.indexOf('\r\n\r\n'));
    expect(headers).not.toMatch(/^Bcc/im);
    expect(headers.match(/^(From|To|Subject|Content-Type):/gm)?.sort()).toEqual([
      'Content-Type:',
      'From:',
      'Subject:',
      'To:',
    ]);
  });
});
