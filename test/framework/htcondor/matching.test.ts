import { describe, expect, it } from 'vitest';
import { Matching, slowness } from '../../../framework/htcondor/matching.ts';
import { type Slot, slotOf } from '../../../framework/htcondor/slots.ts';

function slots(state: string): Slot[] {
  const launch = { LaunchId: 'w1', LaunchSubmitter: 'alice@pool.test', LaunchSchedd: 'q1' };
  return [slotOf({ ...launch, Name: 'slot1@w1@cm.test', State: state }) ?? expect.fail('a slot')];
}

const closedAfter = (seconds: number, states: string[], waits = true, period = 1): string | undefined => {
  const matching = new Matching();
  states.forEach((state, index) => {
    const now = (seconds * 1000 * index) / (states.length - 1);
    matching.note(slots(state), () => waits, period, now);
  });
  return matching.closed('alice@pool.test', 'q1', seconds * 1000);
};

describe('workers that are not matched', () => {
  it('are reported after two cycles of the negotiator, and not before 45 s', () => {
    expect(closedAfter(44, ['Unclaimed', 'Unclaimed'])).toBeUndefined();
    expect(closedAfter(46, ['Unclaimed', 'Unclaimed'])).toContain('has given no job to slot1@w1@cm.test for 46 s');
    expect(closedAfter(120, ['Unclaimed', 'Unclaimed'], true, 60)).toBeUndefined();
    expect(closedAfter(131, ['Unclaimed', 'Unclaimed'], true, 60)).toContain('for 131 s');
  });

  it('are those that stood there all the time while jobs waited', () => {
    expect(closedAfter(100, ['Unclaimed', 'Claimed', 'Unclaimed'])).toBeUndefined();
    expect(closedAfter(100, ['Unclaimed', 'Unclaimed'], false)).toBeUndefined();
  });

  it('are not those whose schedd was silent in the meantime', () => {
    const matching = new Matching();
    const note = (now: number): void => matching.note(slots('Unclaimed'), () => true, 1, now);
    note(0);
    matching.silent('q1');
    note(50_000);
    expect(matching.closed('alice@pool.test', 'q1', 50_000)).toBeUndefined();
    matching.silent('q2');
    note(100_000);
    expect(matching.closed('alice@pool.test', 'q1', 100_000)).toBeDefined();
  });

  it('are given up for five minutes', () => {
    const matching = new Matching();
    for (const now of [0, 50_000]) {
      matching.note(slots('Unclaimed'), () => true, 1, now);
    }
    expect(matching.closed('alice@pool.test', 'q1', 349_000)).toBeDefined();
    expect(matching.closed('alice@pool.test', 'q1', 351_000)).toBeUndefined();
    expect(matching.closed('bob@pool.test', 'q1', 60_000)).toBeUndefined();
  });
});

describe('a negotiator', () => {
  it('with cycles of more than 5 s is called slow, with the settings that make it faster', () => {
    expect(slowness([{ name: 'cm.test', periodSeconds: 5 }])).toBeUndefined();
    expect(slowness([{ name: 'cm.test', periodSeconds: 60 }])).toMatch(
      /cm\.test looks for matches only every 60 s.*NEGOTIATOR_INTERVAL/,
    );
  });
});
