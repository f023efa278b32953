// Asks a service whether it is well. Usage: RELVAL_HEALTH_URL=http://127.0.0.1:PORT/healthz node healthcheck.mjs
const PATIENCE_MS = 5000;

const url = process.env.RELVAL_HEALTH_URL;
if (url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  } catch (error) {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    process.exitCode = 1;
  }
}
