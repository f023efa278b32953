import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ROOT } from './relval.ts';

const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');

/** A server over a directory of runs, which can be stopped and started again at the same address. */
export class Serve {
  readonly dir = mkdtempSync(join(tmpdir(), 'relval-page-'));
  readonly runs: string;
  url = '';
  #child: ChildProcess | undefined;

  /** @param runs directory of runs that is somebody else's */
  constructor(runs?: string) {
    this.runs = runs ?? join(this.dir, 'runs');
  }

  async start(...flags: string[]): Promise<void> {
    const listen = this.url === '' ? '127.0.0.1:0' : new URL(this.url).host;
    const child = spawn(process.execPath, [CLI, 'serve', '--runs', this.runs, '--listen', listen, ...flags], {
      cwd: this.dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    let text = '';
    for await (const chunk of child.stdout) {
      text += chunk;
      const [url] = /http:\/\/[\d.:]+/.exec(text) ?? [];
      if (url === undefined) continue;
      this.url = url;
      return;
    }
    throw new Error(`relval serve ended: ${text}`);
  }

  /** At once, as a crash does. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** What must never happen in a page, whatever it shows. */
export interface Watched {
  page: Page;
  /** Errors in scripts, refusals of the content security policy, dialogs that something opened, requests to elsewhere. */
  wrongs: string[];
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  // Less than a test has, so that what is waited for is told.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const wrongs: string[] = [];
  page.on('pageerror', (error) => wrongs.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrongs.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) wrongs.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) wrongs.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, wrongs };
}
