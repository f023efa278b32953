/** Regular expressions of users: the two commands limit them in the same way. */
export { bounded, FOR_LOGS, Starved, TooSlow } from '../../framework/tools/bounded.ts';
