/** The hidden command of `relval` that executes a run which another process has prepared. */
export const BACKGROUND = 'execute-in-background';
