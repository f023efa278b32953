/** Declined offers stay away this long, in seconds. A REVIVE brings them back at once when there is a need. */
export const LONG_REFUSAL_SECONDS = 3600;
/** Offers of an agent on which enough workers are starting are declined for this long, in seconds: then those workers run. */
export const BUSY_REFUSAL_SECONDS = 1;
