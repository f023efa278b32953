import protobuf from 'protobufjs';

/** Called for each thing that was skipped: `TaskStatus field 42`, `TaskStatus field "shiny"`, `TaskState value 14`. */
export type ReportUnknown = (what: string) => void;

/**
 * Reports the fields and enum values of a message that the schema does not contain. It accepts a message decoded
 * from protobuf (with `$unknowns` kept) and the parsed JSON form, whose enums are names. Fields that the schema reserves
 * are known by name and are not reported.
 */
export function reportUnknown(type: protobuf.Type, value: object, report: ReportUnknown): void {
  for (const [key, held] of Object.entries(value)) {
    const field = type.fields[key];
    if (!field) {
      if (!type.isReservedName(key)) report(`${type.name} field "${key}"`);
      continue;
    }
    const of = field.resolve().resolvedType;
    for (const item of Array.isArray(held) ? held : [held]) {
      if (of instanceof protobuf.Enum) {
        const known = typeof item === 'number' ? item in of.valuesById : item in of.values;
        if (!known) report(`${of.name} value ${JSON.stringify(item)}`);
      } else if (of instanceof protobuf.Type && !field.map && typeof item === 'object' && item !== null) {
        reportUnknown(of, item, report);
      }
    }
  }
  for (const raw of (value as { $unknowns?: Uint8Array[] }).$unknowns ?? []) {
    // A raw field begins with its tag: the field number and three bits of wire type.
    const number = protobuf.Reader.create(raw).uint32() >>> 3;
    if (!type.isReservedId(number)) report(`${type.name} field ${number}`);
  }
}
