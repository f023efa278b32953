/** Regular expressions of users: the two commands limit them in the same way. */
export { bounded, Starved, TooSlow } from '../../framework/tools/bounded.ts';
