// The embedded master with its agents, in a process of its own: so that a framework can be killed without it, and the
// other way round. Arguments: options as JSON, and the module of a master with faults (`startFaultyMaster`), which are
// then switched by messages; without it the built master is started.

const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const [, , options = '{}', module] = process.argv;
const built = new URL('../../../dist/modules/framework/local/master.js', import.meta.url).href;
/** @type {typeof import('../../framework/local/faults/faulty-master.ts') & typeof import('../../../framework/local/master.ts')} */
const { startFaultyMaster, startLocalMaster } = await import(module ?? built);
const master = await (startFaultyMaster ?? startLocalMaster)({ ...JSON.parse(options), log: quiet });

/** @param {unknown} message */
const tell = (message) => process.send?.(message);

process.on('message', async (/** @type {{ id: number, fault: string, args: unknown[] }} */ { id, fault, args }) => {
  try {
    const faults = /** @type {Record<string, (...args: unknown[]) => unknown>} */ (
      /** @type {unknown} */ ('faults' in master ? master.faults : {})
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
