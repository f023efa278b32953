import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowEvent, inOrder } from '../../../../validation/makeflow/follow.ts';
import { parseLogLine } from '../../../../validation/makeflow/transaction-log.ts';
import {
  AttemptBook,
  type Decision,
  type Happening,
  type Remembered,
} from '../../../../validation/runs/store/attempts.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/makeflow/', import.meta.url));
const recordings = readdirSync(fixtures).filter((name) => name.includes('makeflowlog'));

function open(retries = 5, phase = 0, workersToLose = 100): AttemptBook {
  const book = new AttemptBook();
  book.open(phase, () => retries, workersToLose);
  return book;
}

/** The recorded event of a decision. */
function written(decision: Decision): Remembered {
  const { step, attempt } = decision;
  switch (decision.type) {
    case 'submitted':
      return { type: 'step-submitted', step, attempt, task: decision.task };
    case 'begun':
      return { type: 'step-running', step, attempt, task: decision.task };
    case 'lost':
      return decision.givenUp === undefined
        ? { type: 'step-requeued', step, attempt }
        : { type: 'step-ended', step, attempt, task: decision.task };
    case 'ended':
      return { type: 'step-ended', step, attempt, task: decision.task };
  }
}

/** A decision in a few words. */
function brief(decision: Decision): string {
  const { type, step, attempt } = decision;
  if (type === 'lost' && decision.givenUp !== undefined) return `${step} given up after ${decision.givenUp} workers`;
  if (type !== 'ended') return `${step} ${type} ${attempt}`;
  const { how, retried, open: opened, surplus } = decision;
  return `${step} ${how} ${attempt}${retried ? ' again' : ''}${opened ? '' : ' not open'}${surplus ? ' surplus' : ''}`;
}

const START: Happening = { type: 'makeflow-started' };
const submitted = (job: number): Happening => ({ type: 'submitted', step: 'a', job });
const running = (job: number, worker = 'w'): Happening => ({ type: 'running', job, worker });
const waiting = (job: number): Happening => ({ type: 'waiting', job });
const returned = (how: 'complete' | 'failed' = 'complete'): Happening => ({ type: 'returned', step: 'a', how });

function takeAll(book: AttemptBook, ...happenings: Happening[]): string[] {
  return happenings.flatMap((happening) => book.take(happening)).map(brief);
}

describe('an attempt', () => {
  it('begins when a worker starts the step, not when it is submitted', () => {
    expect(takeAll(open(), START, submitted(1), waiting(1), running(1), returned())).toEqual([
      'a submitted 1',
      'a begun 1',
      'a complete 1',
    ]);
  });

  it('ends when its worker is lost; the next worker begins another', () => {
    expect(takeAll(open(), START, submitted(1), running(1), waiting(1), running(1), returned())).toEqual([
      'a submitted 1',
      'a begun 1',
      'a lost 1',
      'a begun 2',
      'a complete 2',
    ]);
  });

  it('of a retry is a new one, and each makeflow counts failures from zero', () => {
    const fails = (job: number): Happening[] => [submitted(job), running(job), returned('failed')];
    const book = open(1);
    expect(takeAll(book, START, ...fails(1), ...fails(2))).toEqual([
      'a submitted 1',
      'a begun 1',
      'a failed 1 again',
      'a submitted 2',
      'a begun 2',
      'a failed 2',
    ]);
    expect(takeAll(book, START, ...fails(1))).toEqual(['a submitted 3', 'a begun 3', 'a failed 3 again']);
  });

  it('does not exist if no worker had the step', () => {
    expect(takeAll(open(), START, submitted(1), returned('failed'))).toEqual([
      'a submitted 1',
      'a failed 0 again not open',
    ]);
    expect(takeAll(open(), START, submitted(1), { type: 'cancelled', step: 'a' })).toEqual([
      'a submitted 1',
      'a cancelled 0 not open',
    ]);
  });

  it('is interrupted when makeflow was killed, whether the next makeflow logs it or not', () => {
    const before = [START, submitted(1), running(1)];
    expect(takeAll(open(), ...before, { type: 'reset', step: 'a' }, START, submitted(1), running(1))).toEqual([
      'a submitted 1',
      'a begun 1',
      'a interrupted 1',
      'a submitted 2',
      'a begun 2',
    ]);
    expect(takeAll(open(), ...before, START, submitted(1))).toEqual([
      'a submitted 1',
      'a begun 1',
      'a interrupted 1',
      'a submitted 2',
    ]);
    expect(takeAll(open(), START, submitted(1), START, submitted(1))).toEqual(['a submitted 1', 'a submitted 1']);
  });

  it('waits until makeflow names the step of a job; rules of relval are not steps', () => {
    expect(takeAll(open(), START, running(1), waiting(1), running(1), submitted(1))).toEqual([
      'a submitted 1',
      'a begun 1',
      'a lost 1',
      'a begun 2',
    ]);
    expect(takeAll(open(), START, { type: 'submitted', step: undefined, job: 1 }, running(1), waiting(1))).toEqual([]);
    expect(takeAll(open(), running(1), { type: 'manager-started' }, START, submitted(1))).toEqual(['a submitted 1']);
  });
});

describe('a step that says hello', () => {
  it('gets the attempt that its worker began', () => {
    const book = open();
    takeAll(book, START, submitted(1), running(1));
    expect(book.hello('a', 'e1', 'h')).toEqual({ step: 'a', attempt: 1, known: false });
    expect(book.executionOf('a', 1)).toBe('e1');
    expect(book.hello('a', 'e1', 'h')).toEqual({ step: 'a', attempt: 1, known: true });
  });

  it('begins its attempt when it is faster than the log', () => {
    const book = open();
    takeAll(book, START, submitted(1));
    expect(book.hello('a', 'e1', 'h')).toMatchObject({
      attempt: 1,
      begun: { attempt: 1, worker: 'h', task: '0.1.1.1' },
    });
    expect(takeAll(book, running(1), waiting(1))).toEqual(['a lost 1']);
    expect(book.hello('a', 'e2', 'h')).toMatchObject({ attempt: 2, begun: { attempt: 2, task: '0.1.1.2' } });
    expect(takeAll(book, running(1), returned())).toEqual(['a complete 2']);
  });

  it.each([
    ['behind both', 2],
    ['between the two', 1],
    ['before both', 0],
  ])('late, when its worker has been lost, makes no attempt more: the line of the next one comes %s', (_, hellos) => {
    const book = open();
    takeAll(book, START, submitted(1), running(1), waiting(1));
    if (hellos === 0) takeAll(book, running(1));
    expect(book.hello('a', 'late', 'h')).toMatchObject({ attempt: 2 });
    if (hellos === 1) takeAll(book, running(1));
    expect(book.hello('a', 'next', 'h')).toEqual({ step: 'a', attempt: 2, known: false });
    if (hellos === 2) takeAll(book, running(1));
    expect(book.executionOf('a', 2)).toBe('next');
    expect(takeAll(book, returned())).toEqual(['a complete 2']);
  });

  it('is refused when its attempt has ended, when makeflow does not wait for it, and when it was tried often enough', () => {
    const book = open(0);
    expect(book.hello('a', 'e0', 'h')).toEqual({ refuse: 'nobody waits for a' });
    takeAll(book, START, submitted(1), running(1));
    book.hello('a', 'e1', 'h');
    takeAll(book, waiting(1));
    expect(book.hello('a', 'e1', 'h')).toEqual({ refuse: 'attempt 1 of a is over' });
    expect(takeAll(book, running(1), returned('failed'))).toEqual(['a begun 2', 'a failed 2']);
    expect(takeAll(book, submitted(2), running(2))).toEqual([]);
    expect(book.hello('a', 'e3', 'h')).toEqual({ refuse: 'a was tried as often as is allowed' });
    expect(takeAll(book, returned('failed'))).toEqual(['a failed 2 not open surplus']);
  });

  it('gets no attempt while another execution has it, until the log says that the step went to another worker', () => {
    const book = open();
    takeAll(book, START, submitted(1));
    expect(book.hello('a', 'e1', 'h')).toMatchObject({ attempt: 1 });
    expect(book.hello('a', 'forged', 'h')).toBeUndefined();
    takeAll(book, running(1));
    expect(book.hello('a', 'forged', 'h')).toBeUndefined();
    expect(book.executionOf('a', 1)).toBe('e1');
    expect(takeAll(book, waiting(1))).toEqual(['a lost 1']);
    expect(book.hello('a', 'e2', 'h')).toMatchObject({ attempt: 2 });
    expect(takeAll(book, running(1))).toEqual([]);
    expect(book.hello('a', 'forged', 'h')).toBeUndefined();
    expect(takeAll(book, returned('failed'), submitted(2))).toEqual(['a failed 2 again', 'a submitted 3']);
    expect(book.hello('a', 'e3', 'h')).toMatchObject({ attempt: 3 });
  });

  it('is an attempt even if its hello was lost', () => {
    const book = open(0);
    takeAll(book, START, submitted(1), running(1), returned('failed'), submitted(2), running(2), returned('complete'));
    expect(book.unannounced('a', '0.1.2.0', '')).toMatchObject({ attempt: 2 });
  });
});

/** The history of a step: submissions, each with its lost executions, and how it came back. */
interface Submission {
  lost: boolean[];
  /** Whether each execution could say hello, including the last one. */
  hello: boolean[];
  end: 'complete' | 'failed' | 'killed';
}
const submission: fc.Arbitrary<Submission> = fc.record({
  lost: fc.array(fc.constant(true), { maxLength: 3 }),
  hello: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  end: fc.constantFrom('complete', 'failed', 'killed'),
});
const lives = fc.array(submission, { minLength: 1, maxLength: 5 });

type Word = Happening | { type: 'hello'; execution: string };

/** The happenings of a history, in order, and its number of attempts. */
function tell(life: readonly Submission[]): { words: Word[]; attempts: number } {
  const words: Word[] = [START];
  let job = 0;
  let attempts = 0;
  for (const { lost, hello, end } of life) {
    job++;
    words.push(submitted(job), waiting(job));
    for (let n = 0; n <= lost.length; n++) {
      attempts++;
      words.push(running(job));
      if (hello[n]) words.push({ type: 'hello', execution: `e${attempts}` });
      if (n < lost.length) words.push(waiting(job));
    }
    if (end === 'killed') {
      words.push({ type: 'reset', step: 'a' }, START);
      job = 0;
    } else words.push(returned(end));
    if (end === 'complete') break;
  }
  return { words, attempts };
}

/** Processes happenings in order. Returns the recorded events. */
function hear(book: AttemptBook, words: readonly Word[]): Remembered[] {
  return words.flatMap((word): Remembered[] => {
    if (word.type !== 'hello') return book.take(word).map(written);
    const welcome = book.hello('a', word.execution, 'h');
    if (!welcome || 'refuse' in welcome) throw new Error(welcome?.refuse ?? `${word.execution} has no attempt`);
    const { attempt, known, begun } = welcome;
    const connected: Remembered = { type: 'step-connected', step: 'a', attempt, execution: word.execution };
    return [...(begun ? [written(begun)] : []), ...(known ? [] : [connected])];
  });
}

const begins = (events: readonly Remembered[]) =>
  events.flatMap((event) => (event.type === 'step-running' ? [event.attempt] : []));

describe('a step that loses one worker after the other', () => {
  it('is given up, and its executions are refused from then on', () => {
    const book = open(1, 0, 3);
    const lives = [running(1), waiting(1), running(1), waiting(1), running(1), waiting(1)];
    expect(takeAll(book, START, submitted(1), ...lives)).toEqual([
      'a submitted 1',
      'a begun 1',
      'a lost 1',
      'a begun 2',
      'a lost 2',
      'a begun 3',
      'a given up after 3 workers',
    ]);
    expect(takeAll(book, running(1))).toEqual([]);
    expect(book.hello('a', 'e', 'h')).toEqual({ refuse: 'a has lost 3 workers' });
    expect(takeAll(book, returned('failed'), submitted(2), running(2))).toEqual([]);
    expect(book.hello('a', 'e', 'h')).toEqual({ refuse: 'a has lost 3 workers' });
  });

  it('may lose as many again when the run is resumed', () => {
    const book = open(1, 0, 2);
    takeAll(book, START, submitted(1), running(1), waiting(1), running(1), waiting(1));
    expect(takeAll(book, START, submitted(1), running(1), waiting(1), running(1), waiting(1))).toEqual([
      'a submitted 3',
      'a begun 3',
      'a lost 3',
      'a begun 4',
      'a given up after 2 workers',
    ]);
  });
});

describe('any history of a step', () => {
  it('has one attempt per execution, numbered from 1, each with its own log', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { words, attempts } = tell(life);
        const events = hear(open(100), words);
        expect(begins(events)).toEqual(Array.from({ length: attempts }, (_, n) => n + 1));
        for (const event of events)
          if (event.type === 'step-connected') expect(event.execution).toBe(`e${event.attempt}`);
      }),
    );
  });

  it('is the same if a hello arrives before its line in the log', () => {
    fc.assert(
      fc.property(lives, fc.infiniteStream(fc.boolean()), (life, swaps) => {
        const { words, attempts } = tell(life);
        const swapped = [...words];
        for (let i = 1; i < swapped.length; i++) {
          const [before, word] = [swapped[i - 1], swapped[i]] as [Word, Word];
          if (word.type === 'hello' && before.type === 'running' && swaps.next().value) {
            [swapped[i - 1], swapped[i]] = [word, before];
          }
        }
        const events = hear(open(100), swapped);
        expect(begins(events)).toEqual(Array.from({ length: attempts }, (_, n) => n + 1));
        for (const event of events)
          if (event.type === 'step-connected') expect(event.execution).toBe(`e${event.attempt}`);
      }),
    );
  });

  it('is recorded completely and once, also if relval is killed at any moment and reads the logs again', () => {
    fc.assert(
      fc.property(lives, fc.nat(), fc.nat(), (life, at, torn) => {
        const { words } = tell(life);
        const whole = hear(open(100), words);
        const cut = at % (words.length + 1);
        const first = hear(open(100), words.slice(0, cut));
        // the last events may not have been recorded
        const kept = first.slice(0, Math.max(0, first.length - (torn % 3)));
        const again = open(100);
        for (const event of kept) again.remember(event);
        const replayed = [...words.slice(0, cut).filter(({ type }) => type !== 'hello'), ...words.slice(cut)];
        const events = [...kept, ...hear(again, replayed)];
        const unheard = new Set(words.slice(0, cut).flatMap((word) => (word.type === 'hello' ? [word.execution] : [])));
        const told = (list: readonly Remembered[]) =>
          list
            .filter((event) => event.type !== 'step-connected' || !unheard.has(event.execution))
            .map((event) => JSON.stringify(event))
            .sort();
        expect(told(events)).toEqual(told(whole));
      }),
    );
  });
});

describe('recorded logs', () => {
  const eventsOf = (text: string): FlowEvent[] => text.split('\n').flatMap((line) => parseLogLine(line) ?? []);

  function happening(event: FlowEvent): Happening | undefined {
    if (event.type === 'started') return START;
    if (event.type !== 'node') return undefined;
    const step = `n${event.node}`;
    switch (event.state) {
      case 'running':
        return { type: 'submitted', step, job: event.jobId };
      case 'waiting':
        return { type: 'reset', step };
      case 'aborted':
        return { type: 'cancelled', step };
      default:
        return { type: 'returned', step, how: event.state };
    }
  }

  /** With a worker that starts every job at once, as the recordings have none. */
  function decide(book: AttemptBook, events: readonly FlowEvent[]): Decision[] {
    return events.flatMap((event) => {
      const told = happening(event);
      if (!told) return [];
      const started = told.type === 'submitted' ? book.take(running(told.job)) : [];
      return [...started, ...book.take(told)];
    });
  }

  it('give retries and resumed runs their attempts', () => {
    const text = readFileSync(`${fixtures}makeflowlog_resume_fixed_completed.txt`, 'utf8');
    const ends = decide(open(1), eventsOf(text)).filter(({ type, step }) => type === 'ended' && step === 'n1');
    expect(ends.map(brief)).toEqual([
      'n1 failed 1 again',
      'n1 failed 2',
      'n1 failed 3 again',
      'n1 failed 4',
      'n1 complete 5',
    ]);
    const killed = readFileSync(`${fixtures}makeflowlog_running_node_resumed.txt`, 'utf8');
    const ofFirst = decide(open(1), eventsOf(killed)).filter(({ type, step }) => type === 'ended' && step === 'n0');
    expect(ofFirst.map(brief)).toEqual(['n0 cancelled 1', 'n0 interrupted 2', 'n0 complete 3']);
  });

  it.each(recordings)('%s, cut at every line, comes to the same when it is read again', (name) => {
    const lines = readFileSync(fixtures + name, 'utf8').split('\n');
    const events = eventsOf(lines.join('\n'));
    const whole = decide(open(1), events).map(written);
    for (let at = 0; at <= lines.length; at++) {
      const kept = decide(open(1), eventsOf(lines.slice(0, at).join('\n'))).map(written);
      const book = open(1);
      for (const event of kept) book.remember(event);
      expect([...kept, ...decide(book, inOrder(events, [])).map(written)]).toEqual(whole);
    }
  });
});
