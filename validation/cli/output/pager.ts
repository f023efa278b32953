import { spawn } from 'node:child_process';

/**
 * Shows a text in the user's pager: `$PAGER`, else `less`, which keeps colours and ends at once if the text fits.
 * @returns false if there is no pager, so that nothing was shown
 */
export function showInPager(text: string): Promise<boolean> {
  const pager = process.env.PAGER || 'less';
  const env = { LESS: 'FRX', ...process.env };
  // A shell, because $PAGER may have arguments.
  const child = spawn('/bin/sh', ['-c', pager], { env, stdio: ['pipe', 'inherit', 'inherit'] });
  // Only the pager reacts to Ctrl-C. It may end before it has read all of the text.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  child.stdin.on('error', ignore);
  child.stdin.end(text);
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => {
      process.off('SIGINT', ignore);
      // 127: the shell did not find the pager.
      resolve(code !== 127);
    });
  });
}
