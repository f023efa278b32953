/** A key of a JIRA issue, for example `ALIROOT-1234`. */
export const ISSUE_KEY = /^[A-Z][A-Z0-9_]*-\d+$/;

/** What to say about another text. */
export const EXPECTED_KEY = 'expected a key like ALIROOT-1234';
