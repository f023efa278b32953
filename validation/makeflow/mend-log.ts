import { open } from 'node:fs/promises';
import { rename } from 'node:fs/promises';
