/** The log file within an attempt's directory that is a stream: `stdout` is `stdout.log`, other logs have their own name. */
export function fileOf(stream: string): string {
  return stream === 'stdout' || stream === 'stderr' ? `${stream}.log` : stream;
}

export function streamOf(file: string): string {
  return file === 'stdout.log' || file === 'stderr.log' ? file.slice(0, -4) : file;
}
