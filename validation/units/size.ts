/** Bytes as `416 MiB`. A stage's needs are in the same unit, although JDLs write MB, so that the numbers agree. */
export function formatMemory(bytes: number): string {
  const mib = bytes / 2 ** 20;
  return mib < 10_240 ? `${mib.toFixed(mib < 10 ? 1 : 0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** Bytes as `512 B`, `3.4 kB`, `1.2 GB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${units[unit]}`;
}
