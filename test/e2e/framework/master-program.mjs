// The embedded master with its agents, in a process of its own: so that a framework can be killed without it, and the
// other way round. Started by `MasterProcess` (master.ts): options as JSON in the first argument, faults as messages.

/** @type {typeof import('../../../framework/local/master.ts')} */
const { startLocalMaster } = await import(
  new URL('../../../dist/modules/framework/local/master.js', import.meta.url).href
);

const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const master = await startLocalMaster({ ...JSON.parse(process.argv[2] ?? '{}'), log: quiet });

/** @param {unknown} message */
const tell = (message) => process.send?.(message);

process.on('message', async (/** @type {{ id: number, fault: string, args: unknown[] }} */ { id, fault, args }) => {
  try {
    const faults = /** @type {Record<string, (...args: unknown[]) => unknown>} */ (
      /** @type {unknown} */ (master.faults)
    );
    await faults[fault]?.(...args.map((arg) => arg ?? undefined));
    tell({ id });
  } catch (error) {
    tell({ id, error: String(error) });
  }
});
process.on('disconnect', async () => {
  await master.stop();
  process.exit(0);
});
tell({ address: master.address });
