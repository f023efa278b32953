/** The command of `relval` that carries a run which another process has prepared. It is for no user. */
export const CARRY = 'carry';
