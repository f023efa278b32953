/** Offers expressly refused stay away this long, in seconds: a need revives them at once, so nobody has to ask again. */
export const LONG_REFUSAL_SECONDS = 3600;
/** What is left of an agent that has enough workers starting is wanted again, in seconds, when those run. */
export const BUSY_REFUSAL_SECONDS = 1;
