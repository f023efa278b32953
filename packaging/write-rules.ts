// Writes the built-in rules to a directory, for the bundled program. Usage: node write-rules.js DIRECTORY
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILED_RULES, compileRules } from '../validation/checks/rules.ts';

writeFileSync(join(process.argv[2] ?? '.', COMPILED_RULES), compileRules());
