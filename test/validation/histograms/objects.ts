import { type FoundObject, LIMITS, nameOf } from '../../../validation/histograms/model.ts';
import { CapturedConsole } from '../../../validation/histograms/read/console.ts';
import { objectsOf } from '../../../validation/histograms/read/extract.ts';
import { RootFile } from '../../../validation/histograms/read/file.ts';
import { walk } from '../../../validation/histograms/read/walk.ts';

/** All objects of a file, read in this process. */
export async function objectsIn(path: string): Promise<Map<string, FoundObject>> {
  const captured = new CapturedConsole();
  try {
    const file = await RootFile.open(path, LIMITS, captured);
    const objects: FoundObject[] = [];
    for (const { path: names, className, key } of await walk(file, LIMITS.objects)) {
      objects.push(...objectsOf(names, className, await file.readObject(key), LIMITS.objects));
    }
    file.close();
    return new Map(objects.map((object) => [nameOf(object.path), object]));
  } finally {
    captured.release();
  }
}
