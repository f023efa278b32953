import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ADDRESS_FILE } from '../../framework/ops/server.ts';
import { fitForTerminals } from '../../framework/terminal.ts';
import { ROOT } from '../e2e/relval.ts';
import { atTerminal, expectHarmless, FORGED, HOSTILE } from '../validation/cli/terminal.ts';

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanup.splice(0).reverse()) undo();
});

const EVIL = `evil${HOSTILE}\n${FORGED}\rover`;

/** A state directory whose framework answers with hostile names. */
async function hostileFramework(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'framework-terminal-'));
  cleanup.push(() => rmSync(dir, { recursive: true, force: true }));
  const projects = [{ project: EVIL, manager: EVIL, words: [EVIL], pool: EVIL }];
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ projects, demand: { problems: [EVIL] } })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => server.close());
  writeFileSync(join(dir, ADDRESS_FILE), `127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  return dir;
}

describe('what the framework prints', () => {
  const framework = join(ROOT, 'dist', 'framework', 'main.js');

  it('shows what a terminal would obey in the words of `why`', async () => {
    const dir = await hostileFramework();
    for (const words of [[], ['--json']]) {
      const shown = await atTerminal([process.execPath, framework, 'why', '--state-dir', dir, ...words]);
      expect(shown).toContain('evil');
      expectHarmless(shown);
    }
  });

  it('shows it in messages about flags', async () => {
    for (const words of [
      ['--master', '127.0.0.1:1', '--catalog', EVIL],
      ['--master', '127.0.0.1:1', '--config', EVIL],
      ['why', '--state-dir', EVIL],
    ]) {
      const shown = await atTerminal([process.execPath, framework, ...words]);
      expect(shown).toContain('evil');
      expectHarmless(shown);
    }
  });

  it('logs JSON in which nothing is obeyed', () => {
    let written = '';
    const log = pino({}, fitForTerminals({ write: (text) => (written += text) }));
    log.info({ project: EVIL }, EVIL);
    expectHarmless(written);
    expect(JSON.parse(written)).toMatchObject({ project: EVIL, msg: EVIL });
  });
});
