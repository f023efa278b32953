import type { Member, TBuffer, TFile } from 'jsroot/io';
import { Cursor, type Raw, Unusual, WIDTHS } from './cursor.ts';

/** Classes whose records are read with a plan, and the classes that are in them. */
const HISTOGRAMS = /^(TH[123][CSIFD]|TProfile([23]D)?)$/;
const PARTS = /^(TH[123][CSIFD]?|TNamed|TAxis|TAtt(Line|Fill|Marker|Axis|3D))$/;
/** The members that comparing needs. All others are skipped. */
const WANTED = new Set([
  ...[
    'fTitle',
    'fNcells',
    'fEntries',
    'fTsumw',
    'fTsumw2',
    'fSumw2',
    'fBufferSize',
    'fBinEntries',
    'fBinSumw2',
    'fArray',
  ],
  ...['fNbins', 'fXmin', 'fXmax', 'fXbins', 'fBits2', 'fLabels'],
]);
/** A plan of a histogram has about 100 steps. */
const MOST_STEPS = 1000;

// jsroot's codes of types.
const TEXT = 65;
const POINTERS: readonly unknown[] = [64, 69];
/** An array of doubles whose length is another member. */
const COUNTED_DOUBLES = 48;

type Step = (record: Cursor) => void;

/**
 * Reads histograms several times as fast as jsroot, which builds objects with all their members. The plan for a class comes
 * from jsroot's own list of its members. It covers only the usual case: the file has one version of each class, axes have no
 * labels, no functions are attached, and all lengths are right. jsroot reads everything else, and tells what is wrong.
 */
export class Plans {
  private readonly file: TFile;
  private readonly plans = new Map<string, readonly Step[] | undefined>();

  constructor(file: TFile) {
    this.file = file;
  }

  /**
   * The members of a histogram that comparing needs, as jsroot gives them.
   * @param buffer a record from its start
   * @returns undefined if jsroot must read it: then the buffer is as before
   */
  read(className: string, buffer: TBuffer): Raw | undefined {
    if (!HISTOGRAMS.test(className)) return undefined;
    const cursor = new Cursor(buffer, className);
    try {
      if (!this.plans.has(className)) {
        this.plans.set(className, undefined);
        this.plans.set(className, planOf(this.file, className));
      }
      const plan = this.plans.get(className);
      if (!plan) return undefined;
      for (const step of plan) step(cursor);
      cursor.end();
    } catch (error) {
      // RangeError: a position is beyond the end of the record.
      if (error instanceof Unusual || error instanceof RangeError) return undefined;
      throw error;
    }
    return cursor.result();
  }
}

/** @throws {Unusual} when a class has a member that plans do not cover */
function planOf(file: TFile, className: string): Step[] {
  const steps: Step[] = [];
  let skipped = 0;

  function push(step: Step): void {
    const bytes = skipped;
    if (bytes > 0) steps.push((record) => record.skip(bytes));
    skipped = 0;
    steps.push(step);
  }

  function add(name: string): void {
    const infos = file.fStreamerInfos.arr.filter((one) => one.fName === name);
    const version = infos[0]?.fClassVersion;
    const members = version === undefined ? null : file.getStreamer(name, { val: version });
    if (version === undefined || infos.length > 1 || !members || steps.length > MOST_STEPS) throw new Unusual();
    push((record) => record.beginClass(version));
    for (const member of members) addMember(member);
    push((record) => record.endClass());
  }

  function addMember({ name = '', basename, classname, arrkind, type, cntname, read, fArrayLength }: Member): void {
    const wanted = WANTED.has(name) ? name : undefined;
    const width = WIDTHS[type ?? 0];
    if (basename === 'TObject') push((record) => record.object());
    else if (basename !== undefined && PARTS.test(basename)) add(basename);
    else if (classname === 'TAxis') {
      push((record) => record.into(name));
      add(classname);
      push((record) => record.out());
    } else if (classname === 'TList' && !wanted) push((record) => record.emptyList());
    else if (arrkind !== undefined && WIDTHS[arrkind] !== undefined) {
      push((record) => record.array(wanted, arrkind));
    } else if (type === TEXT || (type === undefined && (name === 'fName' || name === 'fTitle'))) {
      // jsroot gives the two texts of TNamed no type.
      push((record) => record.text(wanted));
    } else if (POINTERS.includes(type) && !fArrayLength) push((record) => record.pointer(wanted));
    else if (type === COUNTED_DOUBLES && cntname !== undefined) push((record) => record.counted(name, cntname));
    else if (type === undefined || width === undefined || read) throw new Unusual();
    else if (wanted === undefined) skipped += width;
    else push((record) => record.number(wanted, type));
  }

  add(className);
  return steps;
}
