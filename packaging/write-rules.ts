// Writes the built-in rules, and the other YAML files of relval that each run reads, to a directory, for the bundled program.
// Usage: node write-rules.js DIRECTORY
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILED_RULES, compileRules } from '../validation/checks/rules.ts';
import { COMPILED_YAML, compileYaml } from '../validation/input/compiled-yaml.ts';

writeFileSync(join(process.argv[2] ?? '.', COMPILED_RULES), compileRules());
writeFileSync(join(process.argv[2] ?? '.', COMPILED_YAML), compileYaml());
