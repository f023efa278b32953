/** Replacements for the parts of a message that differ between two runs with the same error. */

/** A pattern and its replacement, where `$1` is the first group. */
export type Fold = readonly [pattern: RegExp, instead: string | ((found: string) => string)];

/** Digits that must stay are replaced by private characters, from this one on, that no pattern matches. */
const KEPT = 0xe000;
const hide = (text: string): string => text.replace(/\d/g, (digit) => String.fromCharCode(KEPT + Number(digit)));

/** Turns hidden digits back into digits. */
export function shown(text: string): string {
  return text.replace(/[\ue000-\ue009]/g, (letter) => String(letter.charCodeAt(0) - KEPT));
}

/** Hides numbers of up to four digits: longer ones are counters, also in a name. */
const hideShort = (text: string): string => text.replace(/(?<!\d)\d{1,4}(?!\d)/g, hide);

/** Numbers that belong to the error. They are hidden first, before other patterns change the text around them. */
export const KEEPS: readonly Fold[] = [
  // Numbers of errors, signals and statuses: `status 134`, `code was set to 134`, `returned with 128`, `rc=-1`, `Error 2`.
  [
    /\b(?:[Ee]rrno|HTTP|[Ss]ignal|[Ss]tatus|[Cc]ode|rc|ret|retval|[Rr]eturn(?:ed|s)?|[Ee]xit(?:ed|s|code)?|errorcode|CODE|SIGNAL(?:ED)?|STATUS|EXITED)\b(?:[ :=#("'[]|\b(?:is|was|with|of|to|set|forced|value|code|status|number|signal|by|WITH|CODE)\b){1,12}(?:-?\d{1,5}|0x[\da-fA-F]{1,8})\b(?!\.\d)/g,
    hide,
  ],
  [/\b[Ee]rror (?:#|code |number )?-?\d{1,5}\b(?![./:-]\d)(?! of\b)/g, hide],
  [/\b(?:ORA|TNS|SP2)-\d{4,5}\b|\bSQLSTATE[ =:[]{1,2}\w{5}\b/g, hide],
  // Error codes of MySQL and of GPUs: `ERROR 2002 (HY000)`, `NVRM: Xid (PCI:0000:3b:00): 79`.
  [/\bERROR \d{4}(?= \()|(?<=NVRM: Xid \([^)]{1,40}\): )\d{1,3}\b/g, hide],
  // Error codes of tools: `gfal-copy error: 70 (…)`, `curl: (22) The requested URL returned error: 404`.
  [
    /\b[Ee]rror: \d{1,5}(?= \()|\breturned error: \d{3}\b|^curl: \(\d+\)|\bsevere \(\d+\)|\bHTTP\/\d(?:\.\d)? \d{3}\b/g,
    hide,
  ],
  [/\b(?:CUDA|HIP|cuda|hip|nvml|NVML) ?[Ee]rror[ :=#]{1,2}\d{1,5}\b/g, hide],
  [/\b(?:finished|failed|crashed|died|terminated|ended|stopped) with -?\d{1,5}(?=\s*(?:$|[.,;)]))/g, hide],
  // Error codes of XRootD, versions of libraries and of symbols.
  [/\berror: \[3\d{3}\]/g, hide],
  [/\.so(?:\.\d+)+\b/g, hide],
  [/\b[A-Z]{3,}_\d+(?:\.\d+)+\b/g, hide],
  // Arguments of templates: each argument makes another class.
  [/(?<=\w)<(?:[\w:* ]{1,60},){0,6} ?\d{1,3}(?:, ?[\w:* ]{1,60}){0,6}>/g, hide],
  // Codes of Geant4 exceptions, and numbers in names of histograms and other objects.
  [/\bG4Exception ?: ?\w+/g, hide],
  [
    /\b(?:[Hh]isto(?:gram)?s?|T(?:H[123]|Profile|Graph)\w?|[Oo]bject|[Bb]ranch|[Kk]ey|[Gg]raph|[Cc]anvas|[Pp]lot|[Tt]ree)(?: named?| called)?[ :=]{1,3}["'`(]?[A-Za-z][\w./-]{0,80}/g,
    hideShort,
  ],
  [/(?<![\w.])(?:[hf]H?(?:ist)?[A-Z]\w{0,60}?|h_\w{0,60}?|h)\d{1,4}\b/g, hideShort],
];

const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const DAY = '(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +)?';
const YEAR = '(?:19|20)\\d\\d';
const HALF = '(?: ?[AaPp]\\.?[Mm]\\b\\.?)';
const CLOCK = `\\d{1,2}:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?${HALF}?`;
/** The names are listed, because a word in capitals after a time may be a severity or a detector. */
const ZONE =
  '(?: ?\\(?(?:Z|[+-]\\d\\d:?\\d\\d|(?:UTC|GMT)(?:[+-]\\d{1,2}(?::?\\d\\d)?)?|CES?T|CEDT|EES?T|WES?T|MES?Z|BST|IST|MSK|[ECMP][SD]T|JST|KST|HKT|AE[SD]?T|NZ[SD]?T)\\b\\)?){0,2}';
const DATES = [
  `${YEAR}[-/.]\\d\\d[-/.]\\d\\d`,
  `\\d{1,2}/\\d{1,2}/(?:${YEAR}|\\d\\d)`,
  `\\d{1,2}\\.\\d{1,2}\\.${YEAR}`,
  `${DAY}\\d{1,2}[-/ ]${MONTH}[-/ ](?:${YEAR}|\\d\\d)`,
  `${DAY}${MONTH} +\\d{1,2}(?:st|nd|rd|th)?,? +${YEAR}`,
];

const TIMES: readonly Fold[] = [
  // glog and klog: severity, month and day. syslog: priority, date and host.
  [/\b([FEWI])(?:20\d\d)?[01]\d[0-3]\d (?=\d\d:\d\d:\d\d)/g, '$1'],
  [
    new RegExp(`^(?:<\\d+>)?${MONTH} +\\d{1,2} \\d\\d:\\d\\d:\\d\\d [\\w.-]+ (?=[\\w./-]+(?:\\[\\d+\\])?: )`, 'g'),
    '<time> <host> ',
  ],
  // A date, with or without a time: 2026-11-22T22:31:00Z, 22.11.2026, 11/22/2026 10:31:00 PM, Sun, 22 Nov 2026 22:31 +0100.
  [new RegExp(`(?<![\\d.])(?:${DATES.join('|')})(?:(?:,? +at +|[,T_: -]{1,2})${CLOCK}${ZONE})?(?!\\d)`, 'g'), '<time>'],
  // Times as date, ls and syslog write them: `Sun Nov 22 22:31:00 CET 2026`, `Nov 22 22:31`.
  [new RegExp(`\\b${DAY}${MONTH} +\\d{1,2} +${CLOCK}${ZONE}(?: ${YEAR})?\\b`, 'g'), '<time>'],
  [new RegExp(`\\b${YEAR}-W\\d\\d(?:-\\d)?\\b`, 'g'), '<time>'],
  [new RegExp(`\\b${YEAR}\\d{4}[T_-]\\d{4,6}(?:\\.\\d+)?Z?\\b`, 'g'), '<time>'],
  [new RegExp(`(?<![\\d:.])\\d{1,2}:\\d\\d(?::\\d\\d(?:[.,]\\d+)?${HALF}?|${HALF})${ZONE}(?![\\d:])`, 'g'), '<time>'],
  [/\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b/g, '<time>'],
  [/[[(]<time>[\])]/g, '<time>'],
];

/** One name in a path. It may contain parts that were replaced before. */
const NAME = '(?:[^\\s\'"<>/:]|<(?:n|time)>)+';

/** Folders of the conditions databases, below a detector. */
const CONDITIONS =
  'Calib|Align|Config\\w*|Trigger|Geometry|Info|Conditions?|DCS|QC|MO|Mapping|Survey|RecoParam|Data|GRP|CTP|LHCData|QA|Parameters';
const OBJECTS: readonly RegExp[] = [
  // AliRoot: DETECTOR/Folder/Name/Run0_999999999_v1_s0.root, in any directory.
  /([^/\s]+\/[^/\s]+\/[^/\s]+)\/Run\d+_\d+_v\d+_s\d+(?:\.root)?$/,
  /\/(?:OCDB|CDB|CCDB|ocdb|ccdb)\/([^/]+\/[^/]+(?:\/[^/]+)?)/,
  // O2: DETECTOR/Folder/Name, then a time and restrictions.
  new RegExp(`/((?:[A-Z][A-Z0-9]{1,9}|qc|RCT)/(?:[A-Z]{2,9}/)?(?:${CONDITIONS})/[A-Za-z][\\w-]*(?:/[A-Za-z][\\w-]*)*)`),
];

/** The part of a path that stays: the object of a conditions database, else the last name. Directories belong to host and run. */
function lastOf(path: string): string {
  const object = OBJECTS.map((pattern) => pattern.exec(path)?.[1]).find((one) => one !== undefined);
  if (object !== undefined) return `<path>/${object}`;
  return `<path>/${path.slice(path.lastIndexOf('/') + 1)}`;
}

function lastOfUrl(url: string): string {
  const end = /[),.;:\]]*$/.exec(url)?.[0] ?? '';
  const path = url
    .slice(0, url.length - end.length)
    .replace(/\?.*$/, '')
    .replace(/^[^/]*\/\/[^/]*/, '');
  // Numbers and restrictions (`key=value`) at the end are versions of the object before them.
  const named = path.replace(/(?:\/(?:<\w+>|\d+|[\w.]+=[^/]*))+\/?$/, '');
  if (named !== path && named !== '')
    return `<path>/${named
      .split('/')
      .filter((name) => name !== '')
      .slice(-3)
      .join('/')}${end}`;
  return `${lastOf(path.replace(/\/$/, ''))}${end}`;
}

const PLACES: readonly Fold[] = [
  [/\b[a-z][a-z\d+.-]*:\/\/(?:[^\s'"<>]|<(?:n|time)>)*/g, lastOfUrl],
  [new RegExp(`(?<![\\w.~/-]|(?<!-)>)(?:\\.{1,2}|~\\w*)?/(?:${NAME}/)*${NAME}`, 'g'), lastOf],
];

const NUMBER = '\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?';
const UNIT =
  '(?:days?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|milliseconds?|msecs?|ms|microseconds?|us|µs|nanoseconds?|ns)';

const OTHERS: readonly Fold[] = [
  // The last part of a host's name is a top-level domain, so log.tar.gz is not a host.
  [
    /(?<![\w./-])[a-z][\w-]*(?:\.[\w-]+)+\.(?:org|com|net|edu|gov|int|local|(?!gz|xz|so|sh|py|cc)[a-z]{2})\b/g,
    '<host>',
  ],
  [/\[(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}\]/g, '<host>'],
  [/(?<=\b(?:host|hostname|node|server|machine)[ =:]{1,3}["'(]?)(?=[a-z-]*\d)[a-z][\w-]*(?![\w.])/g, '<host>'],
  // Hosts in messages of batch systems, MPI and the kernel.
  [/(?<=\bON )[\w.-]+(?= CANCELLED)|(?<=^srun: error: )[\w.-]+(?=: )|(?<=^<time> )[\w.-]+(?= kernel: )/g, '<host>'],
  [/(?<=^\[)[\w.-]+(?=:\d+\] (?:\*\*\*|Signal))/g, '<host>'],
  [/\btmp\.\w{6,}/g, '<n>'],
  [/\btmp(?=[a-z_]*\d)[a-z\d_]{8}\b/g, '<n>'],
  // Temporary objects of gcc.
  [/(?<=<path>\/)cc\w{6}(?=\.[os]\b)/g, '<n>'],
  // Checksums, addresses of PCI devices, and bytes that ROOT could not decompress.
  [/(?<=\b(?:adler32|crc32c?|md5|sha\d*|checksum|expected|got)[ :=]{1,3})[\da-f]{8,64}\b/gi, '<n>'],
  [/(?<=\bValues: )[\da-f]+\b/g, '<n>'],
  // Directories whose name is a hash.
  [/\b(?=[a-z\d]*\d)(?=\d*[a-z])[a-z\d]{26,}\b/g, '<n>'],
  [/(?<=[/_-])(?=\d*[a-f])(?=[a-f]*\d)[\da-f]{7,}(?=[/_-])/g, '<n>'],
  [/(?<=[_-])(?=[\da-f]*\d[a-f]+\d)[\da-f]{8,}\b/g, '<n>'],
  // Versions of objects in the conditions database.
  [/\bRun\d+_\d+_v\d+_s\d+\b/g, 'Run<n>'],
  [/_v\d+_s\d+\b/g, '_v<n>_s<n>'],
  // Inputs of ROOT's interpreter, and the modules that it makes of them.
  [/\b(input_line_|ROOT_prompt_|cling[-_]module[-_]|__cling_\w{0,20}?|jit(?:ted)?[-_.]\w{0,20}?)\d+/g, '$1<n>'],
  // The unit also changes between runs: 512 MB and 1.7 GB; 90 s, 1m30s, and 1 minute and 30 seconds.
  [/(?<![\w.])\d+(?:\.\d+)? ?(?:(?:[kKMGTP]i?)?B|[kKMG]?bytes?)\b/g, '<size>'],
  [
    new RegExp(`(?<![\\w.])${NUMBER} ?${UNIT}(?![a-z])(?:,? ?(?:and )?${NUMBER} ?${UNIT}(?![a-z]))*(?!\\w)`, 'g'),
    '<n>',
  ],
  [/(?<![\w.])\d+h\d+m(?:\d+(?:\.\d+)?s)?\b|(?<![\w.])\d+m\d+(?:\.\d+)?s\b/g, '<n>'],
  [
    /\b(?:(?:half )?an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|thirty) (?:second|minute|hour|day)s?\b/g,
    '<n>',
  ],
  [/(?<![\w.])\d+d (?=<n>)|(?<![\w.])\d+(?:st|nd|rd|th)\b/g, '<n>'],
  [/<n><n>/g, '<n>'],
  [/(?<=\w@)[\w.-]*\w/g, '<host>'],
  [/(?<![\w.])-?(?:nan|inf)\b(?:\([\w()]*\))?|\(nil\)/gi, '<n>'],
  [/\b0x[0-9a-fA-F]+\b/g, '<n>'],
  [/(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w.,])/g, '<n>'],
  [/\b(?=[\da-f]*\d)[\da-f]{8,}\b/gi, '<n>'],
  [
    /(?<![A-Za-z\d])((?:evt|event|job|chunk|track|thread|pid|tid|G4WT|worker|stream|slot|rank)[_#-]?)\d+(?:_\d+)*\b/gi,
    '$1<n>',
  ],
  [
    new RegExp(
      [
        // A few digits at the end of a word are part of a name (int32, v2). More digits are a counter (sim0003,
        // Run244918, ESDs_0017), except in error codes (GeomNav0003).
        '(?:(?<=[\\s=(,[])-)?(?<![A-Za-z_\\d])(?:\\d+(?:\\.\\d+)?|(?<!\\.)\\.\\d+)(?:[eE][+-]?\\d+)?',
        '\\d{3,}(?<=(?:\\b[a-z]\\w{0,60}|_\\d{3,20}))',
        '\\d{5,}',
      ].join('|'),
      'g',
    ),
    '<n>',
  ],
  [/<n> %/g, '<n>%'],
  [/\[ +(?=<n>)/g, '['],
  // pytest adds hours and minutes to seconds when a test takes long.
  [/(?<= in <n>) <time>/g, ''],
  // Singular and plural are the same: one run has 1 event, another has 3 events.
  [/(?<=<n> )([a-z]{2,}[a-rt-z])s\b/g, '$1'],
  // Progress bars and ruled lines.
  [/\[[#=>\-.*| ]{4,}\]|[\u2580-\u259f]+(?: *[\u2580-\u259f]+)*/g, '<bar>'],
  [/([.=*#~_-])\1{2,}/g, '$1$1$1'],
  [/\s+/g, ' '],
];

/** All replacements after KEEPS, in this order: names of jobs occur in paths, and times contain numbers. */
export const FOLDS: { before: readonly Fold[]; after: readonly Fold[] } = {
  before: [
    [/\bPCI:[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}(?:\.\d)?/gi, '<host>'],
    [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '<n>'],
    ...TIMES,
    ...PLACES,
  ],
  after: OTHERS,
};
