import type { JsonAd } from './ads.ts';
import type { Ad } from './classad/evaluate.ts';
import { adOfJson } from './job-group.ts';
import type { Slot } from './slots.ts';

/** What every `condor_startd` on Linux advertises. */
const COMMON = {
  Arch: process.arch === 'arm64' ? 'aarch64' : 'X86_64',
  OpSys: 'LINUX',
  HasFileTransfer: true,
  HasJobDeferral: true,
  HasPerFileEncryption: true,
  HasReconnect: true,
  HasSelfCheckpointTransfers: true,
  HasTransferInputRemaps: true,
};

/**
 * The attributes of the workers' machines, by user: the workers of a user come from one pool. Before the first worker of a user was
 * seen, they are the attributes that all workers advertise, plus the settings.
 */
export class Machines {
  readonly #common: JsonAd;
  readonly #seen = new Map<string, { key: string; ad: Ad }>();
  readonly #unseen: Ad;

  constructor(attributes: JsonAd = {}) {
    this.#common = { ...COMMON, ...attributes };
    this.#unseen = adOfJson(this.#common);
  }

  learn(slots: readonly Slot[]): void {
    for (const { submitter, attributes } of slots) {
      const key = JSON.stringify(attributes);
      if (this.#seen.get(submitter)?.key === key) continue;
      this.#seen.set(submitter, { key, ad: adOfJson({ ...this.#common, ...attributes }) });
    }
  }

  /** The ad of a user's workers without their size. */
  for(user: string): Ad {
    return this.#seen.get(user)?.ad ?? this.#unseen;
  }
}
