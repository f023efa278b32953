// Real makeflow flows of sleeping steps, and what is seen of them on their managers' ports.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askManager } from '../../dist/modules/framework/workqueue/manager.js';
import { launch } from './contenders.mjs';

/**
 * @typedef {object} Flow
 * @property {string} project
 * @property {number[]} stages how many steps each stage has; every step waits for all of the stage before
 * @property {number | number[]} seconds that a step sleeps, or each of the steps of a stage
 * @property {number} at seconds after the first flow
 */

/** @param {string} dir @param {string} catalog @param {Flow} flow */
export function startFlow(dir, catalog, flow) {
  const at = join(dir, flow.project);
  mkdirSync(at);
  const rules = flow.stages.flatMap((count, stage) => {
    const inputs =
      stage === 0 ? [] : Array.from({ length: flow.stages[stage - 1] ?? 0 }, (_, step) => `o.${stage - 1}.${step}`);
    return Array.from({ length: count }, (_, step) => ({
      command: `sleep ${Array.isArray(flow.seconds) ? flow.seconds[step] : flow.seconds}; echo ok > o.${stage}.${step}`,
      outputs: [`o.${stage}.${step}`],
      inputs,
      category: 'step',
    }));
  });
  const categories = { step: { resources: { cores: 1, memory: 64, disk: 64 } } };
  writeFileSync(join(at, 'flow.json'), JSON.stringify({ categories, default_category: 'step', rules }));
  const child = launch(
    'makeflow',
    ['--json', '-T', 'wq', '-r', '0', '-N', flow.project, '-C', catalog, '-Z', 'port', 'flow.json'],
    at,
    'makeflow.log',
  );
  return { flow, dir: at, child, started: Date.now(), ended: /** @type {number | undefined} */ (undefined) };
}

/** @param {string} dir @returns {number | undefined} the port, once the manager listens */
export function portOf(dir) {
  try {
    return Number(readFileSync(join(dir, 'port'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} port @returns {Promise<{workers: number, waiting: number} | undefined>} */
export async function look(port) {
  try {
    const { records } = await askManager({ host: '127.0.0.1', port }, 'queue_status', {
      connectMs: 1000,
      silentMs: 1000,
      onSilent: () => {},
    });
    const [status] = /** @type {Record<string, number>[]} */ (/** @type {unknown} */ (records));
    return { workers: status?.workers_connected ?? 0, waiting: status?.tasks_waiting ?? 0 };
  } catch {
    return undefined;
  }
}
