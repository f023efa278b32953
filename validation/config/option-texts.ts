import { policyNames } from '../checks/policies.ts';

/**
 * The texts of the flags of `OPTIONS`, apart from how their values are checked: each command needs some of these texts,
 * and a command that only looks at runs does not need zod.
 */
const TEXTS = {
  runs: 'Directory of the runs',
  local: 'Run on this machine: relval starts a master, the framework and workers',
  catalog: 'HOST:PORT of the catalog server of a cluster',
  password: 'With --catalog: file with the password for workers; the framework needs the same password',
  batch: 'What runs the steps of a cluster: wq (Work Queue, the default) or condor (HTCondor)',
  schedd: 'With --batch condor: name of the schedd; default: the one that HTCondor is configured for',
  pool: 'With --batch condor: HOST[:PORT] of the collector; default: the one that HTCondor is configured for',
  localCpus: 'With --local: number of cores to use; default: all',
  localGpus: 'With --local: number of GPUs to use; default: those of NVIDIA',
  localMemory: 'With --local: MB of memory to use; default: 90 %',
  retries:
    'Number of times that a step is tried again after an infrastructure failure; default: the value of its stage',
  rules: 'YAML file with rules, in addition to the built-in ones; repeatable',
  policy: () => `Policy that decides what fails a run: ${policyNames().join(', ')}, or a YAML file`,
  referenceFiles:
    'Good ROOT file, or directory of good outputs, with which histograms are compared: a path, or an address such as root://HOST//PATH; repeatable; default: the outputs of the last good runs',
  utc: 'Show times in UTC; default: in the local time zone, with its offset from UTC',
  components: 'YAML file with components and their contacts',
};

export type OptionName = keyof typeof TEXTS;

/** The text of a flag in `--help`. */
export function describeOption(name: OptionName): string {
  const text = TEXTS[name];
  return typeof text === 'string' ? text : text();
}
