import { wildcardMatches } from '../../workflow/scope.ts';
import { measure } from '../compare/measure.ts';
import { type FoundObject, type Limits, nameOf } from '../model.ts';
import type { Question } from '../protocol.ts';
import type { Measurement } from '../result.ts';
import { settingsOf } from '../rules/match.ts';
import { objectsOf, unreadable } from './extract.ts';
import type { RootFile } from './file.ts';
import { pictureOf } from './picture.ts';
import { type Entry, walk } from './walk.ts';

const MB = 2 ** 20;
/** Classes whose record holds one object with the name of the record. Other records may hold objects with any name. */
const SINGLE = /^(TH[123]\w|TProfile\w*|TEfficiency|TGraph\w*)$/;

/** Receives the results. `reading` is called before each record, with the bytes of memory that it needs. */
export interface Answers {
  reading(name: string, bytes: number): void;
  measured(measurement: Measurement): void;
}

/** An open file, and its records by their paths. */
export interface Listed {
  file: RootFile;
  entries: ReadonlyMap<string, Entry>;
}

/** Lists the records of a file. @throws {Error} one sentence: why the keys cannot be read */
export async function list(file: RootFile, { objects }: Limits): Promise<Listed> {
  return { file, entries: new Map((await walk(file, objects)).map((entry) => [idOf(entry.path), entry])) };
}

/** Compares a file with its references, record by record, so that memory holds only the objects with one name. */
export async function comparePair(
  own: Listed,
  references: readonly Listed[],
  { limits, ...question }: Question,
  answers: Answers,
): Promise<void> {
  const files = [own, ...references];
  const isWanted = wantedBy(question);
  let left = limits.objects;
  let room = question.pictures ?? 0;
  for (const id of new Set(files.flatMap((one) => [...one.entries.keys()]))) {
    const entries = files.map((one) => one.entries.get(id));
    const some = entries.find((entry) => entry !== undefined) as Entry;
    if (SINGLE.test(some.className) && !isWanted(nameOf(some.path))) continue;
    const bytes = entries.reduce((total, entry) => total + (entry?.key.fObjlen ?? 0), 0);
    answers.reading(nameOf(some.path), bytes);
    const found: FoundObject[][] = [];
    for (const [index, entry] of entries.entries()) {
      const isOverLimit = (entry?.key.fObjlen ?? 0) > limits.objectBytes;
      const tooLarge = !isOverLimit && bytes > limits.togetherBytes ? Math.ceil(bytes / MB) : undefined;
      const { file } = files[index] as Listed;
      const isOfOwn =
        index > 0 && entry && entries[0] && tooLarge === undefined && isSame(own.file, entries[0], file, entry);
      if (isOfOwn) found.push(found[0] as FoundObject[]);
      else found.push(entry ? await read(file, entry, left, tooLarge) : []);
    }
    left -= Math.max(...found.map((objects) => objects.length));
    for (const { measurement, own, reference } of measureAll(found, question, isWanted)) {
      const picture = room > 0 ? pictureOf(own, reference) : undefined;
      if (picture) room -= JSON.stringify(picture).length;
      answers.measured(picture ? { ...measurement, picture } : measurement);
    }
  }
}

/** Tells by its name whether an object is compared. */
function wantedBy({ match, only }: Pick<Question, 'match' | 'only'>): (name: string) => boolean {
  const names = only && new Set(only);
  return (name) => (match === undefined || wildcardMatches(match, name)) && (names?.has(name) ?? true);
}

/** Whether a record of a reference holds the same object, so that it need not be read. */
function isSame(own: RootFile, entry: Entry, file: RootFile, other: Entry): boolean {
  return entry.problem === undefined && other.problem === undefined && own.hasSame(entry.key, file, other.key);
}

async function read(file: RootFile, entry: Entry, most: number, tooLarge: number | undefined): Promise<FoundObject[]> {
  const { path, className, key, problem } = entry;
  if (problem !== undefined) return [unreadable(path, className, problem)];
  if (tooLarge !== undefined) {
    return [
      unreadable(path, className, `with its references it has ${tooLarge} MB, which is more than is read at once`),
    ];
  }
  if (most <= 0) return [unreadable(path, className, 'the file has more objects than are read')];
  try {
    return objectsOf(path, className, await file.readObject(key), most);
  } catch (error) {
    return [unreadable(path, className, (error as Error).message)];
  }
}

function* measureAll(
  found: readonly FoundObject[][],
  { rules }: Pick<Question, 'rules'>,
  isWanted: (name: string) => boolean,
): Generator<{ measurement: Measurement; own: FoundObject | undefined; reference: FoundObject | undefined }> {
  const maps = found.map((objects) => new Map(objects.map((object) => [idOf(object.path), object])));
  const [own, ...references] = maps;
  for (const id of new Set(maps.flatMap((map) => [...map.keys()]))) {
    const path = id.split(SEPARATOR);
    const name = nameOf(path);
    if (!isWanted(name)) continue;
    const { range, tests, eventCounter } = settingsOf(rules, name);
    const [object, others] = [own?.get(id), references.map((map) => map.get(id))];
    const measurement = measure(path, object, others, {
      ...(range && { range }),
      ...(tests && { tests }),
      ...(typeof eventCounter === 'object' && { counterBin: eventCounter.bin }),
    });
    yield { measurement, own: object, reference: others.find((one) => one !== undefined) };
  }
}

/** No name that ROOT writes contains it. */
const SEPARATOR = '\0';

function idOf(path: readonly string[]): string {
  return path.join(SEPARATOR);
}
