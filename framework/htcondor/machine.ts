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
  readonly #common: Readonly<Record<string, unknown>>;
  readonly #seen = new Map<string, { key: string; ad: Ad }>();
  readonly #unseen: { key: string; ad: Ad };

  constructor(attributes: Readonly<Record<string, unknown>> = {}) {
    this.#common = { ...COMMON, ...attributes };
    this.#unseen = this.#of({});
  }

  learn(slots: readonly Slot[]): void {
    for (const { submitter, attributes } of slots) {
      const key = JSON.stringify(attributes);
      if (this.#seen.get(submitter)?.key !== key) this.#seen.set(submitter, this.#of(attributes));
    }
  }

  /** The ad of a user's workers without their size, and a key that changes when the ad changes. */
  for(user: string): { key: string; ad: Ad } {
    return this.#seen.get(user) ?? this.#unseen;
  }

  #of(attributes: Readonly<Record<string, unknown>>): { key: string; ad: Ad } {
    return { key: JSON.stringify(attributes), ad: adOfJson({ ...this.#common, ...attributes }) };
  }
}
