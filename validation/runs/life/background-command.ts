/** The hidden command of `relval` that executes a run that another process has prepared. */
export const BACKGROUND = 'execute-in-background';
