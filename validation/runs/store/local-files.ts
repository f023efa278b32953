/** In the directory of a run with `--local`: all that is of its cluster. */
export const LOCAL_DIR = 'local';

/** In there: where its framework says on `/state` what it does and why, as long as it runs. */
export const FRAMEWORK_URL_FILE = 'framework.url';
