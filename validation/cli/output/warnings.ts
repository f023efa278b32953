import pc from 'picocolors';

/** Prints warnings on stderr, one a line. */
export function tellWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`${pc.yellow('warning')}: ${warning}`);
}
