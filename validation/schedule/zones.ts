/**
 * Names that ICU, and so Node.js, accepts as a time zone although the tz database does not have them: Java's old names. Each
 * is used for clocks in several parts of the world.
 */
const OF_ICU = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(' '),
);

/** Zones that people may mean by the abbreviation of a clock time. */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  ...of(['PST', 'PDT'], 'America/Los_Angeles', 'Asia/Manila'),
  ...of(['MDT'], 'America/Denver'),
  ...of(['CST', 'CDT'], 'America/Chicago', 'Asia/Shanghai', 'America/Havana'),
  ...of(['EDT'], 'America/New_York'),
  ...of(['AST', 'ADT'], 'America/Halifax', 'Asia/Riyadh'),
  ...of(['BST'], 'Europe/London', 'Asia/Dhaka'),
  ...of(['IST'], 'Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'),
  ...of(['CEST', 'MEZ', 'MESZ', 'ECT'], 'Europe/Zurich', 'Europe/Berlin', 'Europe/Paris'),
  ...of(['EEST'], 'Europe/Helsinki', 'Europe/Athens'),
  ...of(['WEST'], 'Europe/Lisbon'),
  ...of(['MSK'], 'Europe/Moscow'),
  ...of(['JST'], 'Asia/Tokyo'),
  ...of(['KST'], 'Asia/Seoul'),
  ...of(['AEST', 'AEDT', 'AET'], 'Australia/Sydney'),
  ...of(['NST', 'NZST', 'NZDT'], 'Pacific/Auckland'),
  ...of(['Z'], 'UTC'),
};

/** Intl does not list UTC. */
function all(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/** Whole hours: `GMT+2`, `UTC-05:00`, `+02:00`. */
const OFFSET = /^(?:GMT|UTC)?(?<sign>[+-])(?<hours>\d{1,2})(?::?00)?$/i;

function of(abbreviations: readonly string[], ...zones: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(abbreviations.map((name) => [name, zones]));
}

/**
 * The mistake in the name of a time zone; undefined: the tz database has exactly this name. All schedulers know the names of the tz
 * database, and no others.
 */
export function zoneProblem(name: string): string | undefined {
  if (isOfDatabase(name)) return undefined;
  const meant = MEANINGS[name.toUpperCase()] ?? similar(name);
  const question = meant.length === 0 ? 'such as Europe/Zurich' : `did you mean ${meant.join(', or ')}?`;
  return `'${name}' is not a time zone of the tz database${meant.length === 0 ? ', ' : ': '}${question}`;
}

function isOfDatabase(name: string): boolean {
  if (OF_ICU.has(name) || !/^[A-Z]/.test(name) || name.startsWith('SystemV/')) return false;
  const otherCase = all().find((zone) => zone.toLowerCase() === name.toLowerCase());
  if (otherCase !== undefined) return otherCase === name;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The zones of a place, whatever its spelling: `zürich` → `Europe/Zurich`; or of an offset: `GMT+2` → `Etc/GMT-2`. */
function similar(name: string): string[] {
  const offset = OFFSET.exec(name);
  if (offset?.groups) {
    // In the tz database the sign is that of POSIX: hours behind UTC are positive.
    const { sign, hours } = offset.groups;
    return [`Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`].filter(isOfDatabase);
  }
  const place = plain(name).split('/').at(-1);
  return all().filter((zone) => plain(zone).split('/').at(-1) === place);
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '_');
}
