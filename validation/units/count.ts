/** Numbers with a noun: the two commands write them in the same way. */
export { counted, formatCount } from '../../framework/text/count.ts';
