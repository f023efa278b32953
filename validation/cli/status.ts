import { paint } from '../report/paint.ts';
import { applyStates } from '../runs/store/events.ts';
import type { Outline } from '../runs/store/outline.ts';
import { isLive, type RunRecord, type RunStatus, type RunTiming, statusOf } from '../runs/store/record.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { earlierTimings, expectedEnd } from '../runs/store/timing.ts';
import { ViewReader } from '../runs/store/view-reader.ts';
import { counted } from '../units/count.ts';
import { formatDuration } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { runArgument } from './options/runs.ts';
import { overview } from './output/overview.ts';
import { COLOUR } from './output/run-colours.ts';
import { table } from './output/table.ts';
import { when } from './output/zone.ts';
import { out } from './terminal.ts';

const FOLLOW_MS = 500;

export const statusCommand = defineCommand(
  (command) =>
    runArgument(command)
      .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Update until the run has ended' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON; with --follow: one object per line' }),
  async (args) => {
    const store = new RunStore(args.runs);
    const status = new Status(store.find(args.run), store);
    for (;;) {
      status.read();
      const last = !args.follow || !status.underWay;
      if (args.json && (last || status.changed)) out.sayJson(status.json(), args.follow ? 0 : 2);
      else if (!args.json && (last || out.isTerminal || status.changed)) {
        if (args.follow) out.clear();
        out.say(...status.lines());
      }
      if (last) return;
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
    }
  },
);

/** The state of a run, read from its directory. Each later `read` reads only what is new. */
class Status {
  readonly #run: RunDir;
  readonly #reader: ViewReader;
  readonly #earlier: RunTiming[];
  #record: RunRecord;
  #outline: Outline;
  changed = true;

  constructor(run: RunDir, store: RunStore) {
    this.#run = run;
    this.#reader = new ViewReader(run.eventsFile);
    this.#outline = this.#reader.outline;
    this.#record = run.readRecord();
    const ended = this.#record.state === 'ended';
    this.#earlier = ended
      ? []
      : earlierTimings(
          store.list().map(({ record }) => record),
          this.#record,
        );
  }

  read(): void {
    const before = this.#stamp();
    // read the record first: if it says that the run has ended, all events are there
    this.#record = this.#run.readRecord();
    this.#reader.read();
    const { state, judged = {} } = this.#record;
    if (state === 'ended' && Object.keys(judged).length > 0) applyStates(this.#reader.view, judged);
    this.#outline = this.#reader.outline;
    this.changed = before !== this.#stamp();
  }

  #stamp(): string {
    return JSON.stringify([this.#outline.counts, this.#outline.heldUp, this.#record.state]);
  }

  get status(): RunStatus {
    return statusOf(this.#record, this.#run.path);
  }

  get underWay(): boolean {
    return isLive(this.status);
  }

  json() {
    const { counts, heldUp, stages, slowest } = this.#outline;
    const expected = this.#expected();
    return {
      ...this.#record,
      status: this.status,
      directory: this.#run.path,
      counts,
      heldUp: heldUp.map(({ message }) => message),
      stages: stages.map(([name, stage]) => ({ name, ...stage })),
      ...(expected !== undefined && { expectedEnd: expected }),
      slowest: slowest.map(({ id, stage, seconds }) => ({ id, stage, seconds })),
      steps: [...this.#reader.view.steps.values()],
    };
  }

  lines(): string[] {
    const { id, reason, created, ended } = this.#record;
    const { status } = this;
    const parts = [`${id}  ${COLOUR[status](status)}${reason ? `: ${reason}` : ''}`];
    parts.push(...overview(this.#outline, ended ?? Date.now(), created, this.underWay));
    if (this.underWay) parts.push(this.#expectedText());
    const { slowest } = this.#outline;
    if (slowest.length > 0) {
      const rows = slowest.map((step) => [
        '  ',
        step.id,
        formatDuration(step.seconds ?? 0),
        paint.dim(step.host ?? ''),
      ]);
      parts.push('slowest steps', ...table(rows));
    }
    parts.push(paint.dim(this.#run.path));
    return parts;
  }

  #expected(): number | undefined {
    return this.underWay ? expectedEnd(this.#outline, this.#record.created, this.#earlier, Date.now()) : undefined;
  }

  #expectedText(): string {
    const expected = this.#expected();
    if (expected === undefined) return 'expected end unknown: there is no earlier run of this workflow';
    const runs = counted(this.#earlier.length, 'earlier run');
    return `expected end ${when(expected)}, in ${formatDuration((expected - Date.now()) / 1000)} (from ${runs})`;
  }
}
