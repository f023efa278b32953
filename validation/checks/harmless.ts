/**
 * Lines that contain the words of an error but report none. Each known form is a function of the text before and after the
 * match. A line without a known form counts as an error.
 */

/** The number of characters before and after the match that are examined. */
const LOOKED_AT = 200;

/** Whether a line only mentions the text at [from, to): it does not say that it happened. */
export function isHarmless(line: string, from: number, to: number): boolean {
  const before = line.slice(Math.max(0, from - LOOKED_AT), from);
  const found = line.slice(from, to);
  const after = line.slice(to, to + LOOKED_AT);
  return (
    isEcho(line, before, after) ||
    isListing(line, before) ||
    (/^\w/.test(found) && (endsWith(before, NEGATION) || endsWith(before, MAY_BE))) ||
    (isWords(found) &&
      (isNegated(before) ||
        isNothing(after) ||
        isSearchTerm(before, after) ||
        isPrevented(before, after) ||
        isOnlyMentioned(line, before, after) ||
        isName(before, after))) ||
    isValue(before, found, after)
  );
}

/**
 * An expression for the end of a text. It is read backwards from there: with `$`, it would be tried at each character, and this
 * is the larger part of the time that a match costs.
 */
function atEnd({ source, flags }: RegExp): RegExp {
  return new RegExp(`(?<=${source})`, `${flags}y`);
}

/** Whether a text ends with an expression of `atEnd`. */
function endsWith(text: string, expression: RegExp): boolean {
  expression.lastIndex = text.length;
  return expression.test(text);
}

/** A text with a sign at its start or end is a message of a program, not mere words: `: error:`, `*** Break ***`. */
function isWords(found: string): boolean {
  return /^\w/.test(found) && /[\w)]$/.test(found);
}

/**
 * A command that a shell prints before it runs it: `+ grep -q 'Killed' rec.log` (set -x). A command as in the script (set -v)
 * counts only if the text is between quotes.
 */
function isEcho(line: string, before: string, after: string): boolean {
  if (/^(?:\[?\d[\d:.,TZ-]*\]? +|\[[\d:.,TZ -]+\] +)?\+{1,9} \S/.test(line)) return true;
  // Few lines have a quote behind the match.
  if (/['"]/.test(after) && /(['"])(?:(?!\1).)*$/.test(before) && COMMAND.test(before)) return true;
  return SHELL_COMMENT.test(before);
}

const COMMAND =
  /(?:^|[$;|&(>] ?|\b(?:if|while|until|elif|then|do|not|!|run|running|executing|command|cmd):? )(?:[efz]?grep|rg|awk|sed|echo|printf|test|trap|for \w+ in|(?:export|local|readonly) \w+=) ?/i;

/** `ulimit -c unlimited # core dumped …`: a command of a script with a comment behind it. */
const SHELL_COMMENT =
  /^\s*(?:ulimit|export|set|unset|source|cd|mkdir|cp|mv|rm|alias|local|if|for|while|case|trap|sleep|return|exit)\b.* # (?!\d)/;

/** A line of a source file or of a list of changes: `// TODO: "terminate called"`, `- Fix crash: free(): invalid pointer`. */
const SOURCE = /\b(?:TODO|FIXME)\b|^\s*[-*] (?:[Ff]ix(?:es|ed)?|[Kk]nown (?:issue|problem|bug))\b/;
/** A line of a list of the objects in a ROOT file: class, name and title. */
const OBJECT =
  /^\s*(?:(?:KEY|OBJ): ?)?T(?:H[123][CSIFD]|Profile(?:2D|3D)?|Graph\w*|Canvas|Tree|NtupleD?|Directory\w*|File\*+)\s/;

/** A line of a program's help: `  --stop-on-fatal   stop at the first fatal error`. */
const OPTION = /^\s*(?:-\w,? +)?--?[A-Za-z][\w-]*(?:[ =][<[A-Z]\S*)?(?:\s{2,}|\t)/;

/** The text is in a title, a comment, a help text or a change that a line lists. */
function isListing(line: string, before: string): boolean {
  return SOURCE.test(line) || OBJECT.test(before) || OPTION.test(before);
}

/** Names of crashes. In a list of several, the negation stands only before the first. */
const CRASH =
  '(?:segmentation (?:violation|fault)s?|bus errors?|floating[- ]point exceptions?|illegal instructions?|std::bad_alloc|crash(?:es)?|aborts?|core dumps?)';
const LIST = `(?:such errors: ?)?(?:${CRASH}["'\`]?(?:,|,? (?:and|or|nor)(?: (?:a|an|any|no))?) ["'\`]?)*`;

const BETWEEN =
  '(?: (?:a|an|any|the|single|more|further|other|new|such|real|known|fatal|(?:sign|trace|evidence|case|occurrence|match)(?:e?s)? (?:of|for)))*';
const NEGATION = atEnd(
  new RegExp(
    `(?:(?:^|[^\\w-])(?:no|not|never|without|zero|neither|nor|free of|0 (?:times|cases of|occurrences of))` +
      `|(?:\\b(?:not|never)|n['’]t) (?:see|seen|find|found|get|have|had|been|caught|detect|detected|contain|crash with|die of|cause))` +
      `${BETWEEN} ?${LIST}["'\`‘“(*]{0,2}`,
    'i',
  ),
);
/** A count of zero before the text. The number of a task or a line is not a count. */
const ZERO = atEnd(/(?:^\s*|[,;(|] ?|\b(?:found|with|had|saw|were|are|is|got|counted|[:=]) )0(?:\.0+)? (?:% )?["'`]?/i);

/** `no Segmentation violation`, `0 Segmentation faults`, `has not been Killed`. */
function isNegated(before: string): boolean {
  return endsWith(before, NEGATION) || endsWith(before, ZERO);
}

const END = '(?=\\s*(?:$|[.,;|)}\\]]))';
const NOTHING = new RegExp(
  `^(?:e?s)?["'\`’”)]?(?:` +
    `(?:\\s+(?:so far|in total|seen|found|thrown|caught|reported|detected|(?:events|messages|occurrences|lines|hits)))?\\s*(?:[:=?|]|=>|->|\\.{2,}|…)\\s*(?:0+(?:\\.0+)?(?![\\w.])(?: times)?|none|no|nil|never|ok|(?:was |were )?not found|none found)${END}` +
    `|\\s+(?:(?:was|were|is|are) )?not (?:found|seen|detected|present)\\b` +
    `|\\s*:?\\s+(?:occurs |matche[ds] |occurred |found )?0 (?:times|matches|occurrences|lines|hits|found)\\b` +
    `|\\s+none\\s*$|["']?[,;]\\s*0(?:\\.0+)?\\s*(?:$|[,;])|\\s*</t[dh]>\\s*<t[dh][^>]*>\\s*0\\s*<` +
    `|\\s+(?:rates?|fractions?|probabilit(?:y|ies))(?:\\s*[:=(]|\\s+(?:per|of|is)\\b)` +
    // A zero in a column of a table.
    `|(?:\\s{2,}|\\t|\\s*\\|\\s*)0\\s*(?:$|\\|)` +
    `|\\s0(?![\\w.])(?=\\s*(?:[,;|)}]|$))|\\s*(?:\\(0\\)|\\[0\\])\\s*$|\\s*[:=]\\s*0/\\d` +
    // A count after more words: `bus errors seen by the readout: 0`.
    `|(?<=^s)\\b[^:=]{0,40}[:=]\\s*0(?![\\w.])` +
    `|\\s+(?:check|test|search|scan)s?\\s*(?::|\\.{2,}|is|was)?\\s*(?:passed|ok|fine|none|clean|negative)\\b` +
    `|\\s+(?:count|counter|rate|flag|bit)s?\\s*(?:[:=]|is)?\\s*(?:0+(?:\\.0+)?(?![\\w.])|none\\b)` +
    `|\\s*:?\\s+(?:(?:is|are) )?(?:enabled|disabled|masked|off)\\b|(?:\\s+errors?)?\\s+(?:is |are )?\\(?(?:ignored|trapped)\\b` +
    `|\\s+(?:handling|checking|handlers?(?! (?:called|caught|invoked|reached))|mask|interrupt|trapping|protection|filter|threshold|support|policy|state: active)\\b` +
    // The text is part of a longer word.
    `|-[a-z])`,
  'i',
);

/** `Bus error: 0`, `Segmentation fault ... not found`, `Killed: none`. */
function isNothing(after: string): boolean {
  return NOTHING.test(after);
}

const SEARCH = atEnd(
  /\b(?:look(?:s|ed|ing)?|search(?:es|ed|ing)?|scan(?:s|ned|ning)?|check(?:s|ed|ing)?|grep(?:s|ped|ping)?|watch(?:es|ed|ing)?|test(?:s|ed|ing)?)(?: \S+){0,5} for (?:\w+ ){0,2}["'`‘“(]?/i,
);
const PATTERN = atEnd(
  /\b(?:patterns?|regexp?|expressions?|keywords?|strings?|phrases?)(?: is| are)?:? ["'`‘“(]|\b\w*(?:[Pp]atterns?|[Rr]egexp?|[Kk]eywords?)(?: ?= ?|: ?)(?:\[? ?["'`](?:[^"'`]*["'`], ?["'`])*|\((?:[\w ]+\|)*)|\b[A-Z_]*(?:PATTERNS?|REGEXP?)(?:=|: ?)["']?(?:(?:[\w ]+[|,])+ ?)?/,
);

/** `Looking for Segmentation violation in rec.log`, `pattern 'Killed'`, unless the line goes on to say that it was found. */
function isSearchTerm(before: string, after: string): boolean {
  return (
    (endsWith(before, SEARCH) || endsWith(before, PATTERN)) &&
    !/(?<!\b(?:not|nothing|none|no|0) )\bfound\b|\bmatch(?:ed|es)\b/i.test(after)
  );
}

/** An error that is avoided, or would be handled: `to avoid a segmentation fault`, `handler for bus error`. */
function isPrevented(before: string, after: string): boolean {
  return (
    (/^s?\s+(?:occurs?|happens?|appears?)\b/.test(after) && endsWith(before, CONDITION)) ||
    endsWith(before, PREVENTED) ||
    /^["'`]?\s+(?:will|would|may|might|can|could|should|must) /.test(after) ||
    before.endsWith('--')
  );
}

const CONDITION = atEnd(/\b(?:if|when|once) (?:an?|any|the) ["'`(]?/i);

const PREVENTED = atEnd(
  new RegExp(
    '\\b(?:(?:avoid|prevent)(?:s|ed|ing)?|(?:enabl|disabl|mask|trapp?|ignor)(?:e[sd]?|ing)(?: the)?(?:(?: \\w+)? handlers? (?:of|for))?|protect(?:s|ed|ion)? (?:from|against)|in case of|handlers? for:?)' +
      `(?: (?:a|an|any|the|possible|potential|signal))* ?["'\`(]?${LIST}`,
    'i',
  ),
);

/** An error that may happen, or happened once: `can cause a`, `would otherwise end in`, `used to give a`, `fixes a`. */
const MAY_BE = atEnd(
  new RegExp(
    '\\b(?:(?:may|might|can|could|would|should|will|used to|does not|do not|did not|not)(?: \\w+)? ' +
      '(?:cause|lead to|give|result in|end in|crash with|fail with|produce|trigger|be|become|get|see)' +
      '|fix(?:es|ed|ing)?:?|(?:hint|help|faq|note):? if you (?:see|get)|if you (?:see|get)|used to (?:give|cause|be)' +
      '|(?:message|error|line|text)s? (?:such as|like)|^\\W*on(?= ["\'`]))(?: (?:an?|the|this|possible|potential|rare))* ?["\'`(]?',
    'i',
  ),
);
/** Lines about a test that passed, as test programs write them. */
const PASSED =
  /^\s*(?:\[ +OK +\]|\[ ?(?:ok|pass(?:ed)?) ?\]|ok \d+ |[✓✔] |pass(?:ed)?: |\[PASS\]|skip(?:ped)?: |Start +\d+: |# Subtest: )|Test +#\d+: .*\bPassed\b|\.{3,} *(?:ok|passed)\s*$/i;
const AS_EXPECTED =
  /^\s*(?:\S+ )?(?:(?:as )?expected|simulated|injected|known (?:issue|problem|bug))(?: error| failure| crash)?:? ["'`]?$/i;

const MEANING = atEnd(/\b\d+ (?:means|stands for) (?:an? )?["'`]?/);

/** `this may cause a bus error`, `ok 12 - reports a segmentation fault`, `139 means Segmentation fault`. */
function isOnlyMentioned(line: string, before: string, after: string): boolean {
  return (
    endsWith(before, MAY_BE) ||
    PASSED.test(line) ||
    AS_EXPECTED.test(before) ||
    // An explanation of exit statuses.
    endsWith(before, MEANING) ||
    /\b1\d\d ?= ?["'`]?[A-Z][A-Za-z ]+["'`]?[,;] ?1\d\d ?= ?["'`]?[A-Z]/.test(line) ||
    /^["'`”] (?:means|is written|would mean|stands for)\b|^s? (?:on|in|when|at|with|for|of) [\w ]{1,40} (?:is|was|has been|are|were)? ?fixed\b/i.test(
      after,
    )
  );
}

/** Part of a file's name: `Bus error.log`, `tests/Segmentation fault/out.root`. */
function isName(before: string, after: string): boolean {
  return (
    /^\.(?:log|txt|root|C|cxx|cc|h|py|sh|pdf|png|eps|xml|json|ya?ml|zip|gz|dat|md|html|out|err)\b/.test(after) ||
    (before.endsWith('/') && after.startsWith('/'))
  );
}

const UNIT = /^\s*[-+]?\d+ ?(?:[fpnuµm]?[msAV]|cm|[kMGT]?eV(?:\/c2?)?|m?rad|deg|[kMG]?Hz|ADC|%)\s*(?:$|[,;|)])/;

/** `Chi2/ndf: 1.02 : error: 0.01`: the error of a measurement. */
function isValue(before: string, found: string, after: string): boolean {
  if (!/error:$/.test(found)) return false;
  if (UNIT.test(after)) return true;
  const value = /^\s*[-+]?(\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?:\s?(?:%|[A-Za-z/]{1,5}))?\s*(?:$|[,;|)])/.exec(after)?.[1];
  if (/^\s*none\s*$/.test(after)) return true;
  return value !== undefined && (/[.e]/.test(value) || Number(value) === 0 || /\d\s*$/.test(before));
}
