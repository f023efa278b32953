import { describe, expect, it, onTestFinished } from 'vitest';
import { Loop, type NextRound } from '../../../framework/demand/loop.ts';
import { until } from '../workqueue/peers.ts';

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function loopOf(round: () => Promise<NextRound>, pauseMs = 0): Loop {
  const loop = new Loop(round, pauseMs);
  onTestFinished(() => loop.stop());
  return loop;
}

describe('Loop', () => {
  it('runs again after the time that a round asks for, and rests when it asks for none', async () => {
    const wishes: NextRound[] = [5, 5, 'when poked'];
    let rounds = 0;
    const loop = loopOf(async () => wishes[rounds++] ?? 'when poked');
    loop.poke();
    await until(() => rounds === 3);
    await pause(40);
    expect(rounds).toBe(3);
    loop.poke();
    await until(() => rounds === 4);
  });

  it('never runs two rounds at once, and runs one more after a poke in between', async () => {
    let running = 0;
    let most = 0;
    let rounds = 0;
    const loop = loopOf(async () => {
      most = Math.max(most, ++running);
      await pause(20);
      running--;
      rounds++;
      return 'when poked';
    });
    loop.poke();
    loop.poke();
    loop.poke();
    await until(() => rounds === 2);
    await pause(50);
    expect({ most, rounds }).toEqual({ most: 1, rounds: 2 });
  });

  it('keeps its least pause, however often it is poked', async () => {
    const starts: number[] = [];
    const loop = loopOf(async () => {
      starts.push(performance.now());
      return 'when poked';
    }, 50);
    const poking = setInterval(() => loop.poke(), 1);
    await until(() => starts.length === 4);
    clearInterval(poking);
    const gaps = starts.slice(1).map((start, i) => start - (starts[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(45);
  });

  it('does nothing after stop, and stop waits for the round under way', async () => {
    let ended = false;
    let rounds = 0;
    const loop = new Loop(async () => {
      rounds++;
      await pause(20);
      ended = true;
      return 0;
    }, 0);
    loop.poke();
    await loop.stop();
    expect(ended).toBe(true);
    loop.poke();
    await pause(30);
    expect(rounds).toBe(1);
  });
});
