import type { LogRule } from './rules.ts';
import { Searcher } from './search.ts';

/** What the search of a log needs of its rules. */
export interface SearchPlan {
  /** Searches for the texts of all rules. */
  searcher: Searcher;
  /** By text of the searcher. */
  texts: {
    /** Index of its rule. */
    rule: number;
    /** Its number of characters. */
    characters: number;
    /** Whether its rule, or an exception of its rule, has a regular expression. */
    hasExpressions: boolean;
  }[];
}

/** To make a plan takes longer than to search a short log. */
const plans = new WeakMap<readonly LogRule[], SearchPlan>();

/** The plan for a list of rules, which must not change afterwards. It is made once for each list. */
export function searchPlanFor(rules: readonly LogRule[]): SearchPlan {
  const known = plans.get(rules);
  if (known) return known;
  const plan: SearchPlan = {
    searcher: new Searcher(rules.flatMap(({ contains, anyCase }) => contains.map((text) => ({ text, anyCase })))),
    texts: rules.flatMap(({ contains, matches, unless, except }, rule) => {
      const hasExpressions = Boolean(matches ?? unless ?? except?.some((one) => one.matches));
      return contains.map((text) => ({ rule, characters: text.length, hasExpressions }));
    }),
  };
  plans.set(rules, plan);
  return plan;
}
