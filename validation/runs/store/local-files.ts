/** The directory of the embedded cluster, in the directory of a run with `--local`. */
export const LOCAL_DIR = 'local';

/** A file in it with the address of its framework, which reports its state on `/state` while it runs. */
export const FRAMEWORK_URL_FILE = 'framework.url';
