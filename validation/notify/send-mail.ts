import { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { type Attempt, describe } from './attempts.ts';
import type { MailDelivery } from './deliveries.ts';
import { readOwnFile, readSecret, withoutSecrets } from './secret.ts';

/** One attempt to send an e-mail to a mail server. @throws {Error} when a secret cannot be read */
export async function sendMail(delivery: MailDelivery, signal: AbortSignal): Promise<Attempt> {
  const { server, auth, kind: _kind, ...mail } = delivery;
  const password = auth && readSecret(auth.secret);
  // A separate connection, so that a given-up attempt leaves none behind.
  const socket = new Socket();
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'none',
    ...(auth && password !== undefined && { auth: { user: auth.user, pass: password } }),
    tls: { ...(server.caFile !== undefined && { ca: readOwnFile(server.caFile) }) },
    disableFileAccess: true,
    disableUrlAccess: true,
    socket,
  });
  try {
    const { rejected } = await transport.sendMail(mail);
    return { ok: true, note: rejected.length > 0 ? `refused for ${rejected.join(', ')}` : undefined };
  } catch (error) {
    return {
      ok: false,
      again: isWorthAnother(error),
      message: withoutSecrets(describe(error), password === undefined ? [] : [password]),
    };
  } finally {
    transport.close();
    socket.destroy();
  }
}

/** SMTP's 4xx mean: try again; 5xx do not (RFC 5321, section 4.2.1). Without an answer it was a connection error. */
function isWorthAnother(error: unknown): boolean {
  const { responseCode, code, message } = error as { responseCode?: number; code?: string; message?: string };
  if (responseCode !== undefined) return responseCode < 500;
  return code !== 'ETLS' && code !== 'EAUTH' && code !== 'EENVELOPE' && !/certificate/i.test(message ?? '');
}
