// Asks a service whether it is well. Usage: RELVAL_HEALTH_URL=http://127.0.0.1:PORT/healthz node healthcheck.mjs
import { get } from 'node:http';

const PATIENCE_MS = 5000;

const url = process.env.RELVAL_HEALTH_URL;
/** @param {string} problem */
const fail = (problem) => {
  console.error(`${url}: ${problem}`);
  process.exit(1);
};
if (url) {
  setTimeout(() => fail(`no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS).unref();
  // catalog_server ends a header with a line feed alone, which fetch refuses.
  get(url, { insecureHTTPParser: true, agent: false }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => {
      text += part.slice(0, 200 - text.length);
    });
    answer.once('error', ({ message }) => fail(message));
    answer.once('end', () => {
      if (answer.statusCode !== 200) fail(`status ${answer.statusCode}: ${text}`);
    });
  }).once('error', ({ message }) => fail(message));
}
