import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ad, evaluate } from '../../../framework/htcondor/classad/evaluate.ts';
import { ClassAdError, parseExpression } from '../../../framework/htcondor/classad/parse.ts';
import { CASES, JOB, SLOT } from './classad-cases.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const [MY, TARGET] = [adOf(JOB), adOf(SLOT)];

function adOf(attributes: Readonly<Record<string, string>>): Ad {
  return new Map(Object.entries(attributes).map(([name, text]) => [name.toLowerCase(), parseExpression(text)]));
}

/** The value as text: `type` or `type value`. */
function resultOf(text: string): string {
  const value = evaluate(parseExpression(text), MY, TARGET, NOW);
  return 'value' in value ? `${value.type} ${JSON.stringify(value.value)}` : value.type;
}

describe('ClassAd expressions', () => {
  it.each(CASES)('%s is %s', (text, value) => {
    expect(resultOf(text)).toBe(value);
  });

  it('know the time', () => {
    expect(resultOf('time()')).toBe(`integer ${NOW / 1000}`);
    expect(resultOf('CurrentTime == time()')).toBe('boolean true');
  });

  it('that refer to themselves are errors, as in HTCondor', () => {
    expect(resultOf('Loop')).toBe('error');
  });

  it('with a function that is not known here are refused, not guessed', () => {
    expect(() => resultOf('true && regexp("a.*", Arch)')).toThrow(
      'calls regexp(), which this framework does not support',
    );
    expect(resultOf('false && regexp("a.*", Arch)')).toBe('boolean false');
  });

  it.each(['', '1 +', '(1', 'a b', '"open', '[a = 1]', '1 ? 2', 'f(1,)'])('cannot be read from %s', (text) => {
    expect(() => parseExpression(text)).toThrow(ClassAdError);
  });

  it('that are too long or too deep are refused', () => {
    expect(() => parseExpression(`"${'x'.repeat(2 ** 20)}"`)).toThrow('more than the limit of 65536');
    expect(() => parseExpression(`${'('.repeat(30_000)}1`)).toThrow('nested');
    expect(() => parseExpression(`${'!'.repeat(30_000)}1`)).toThrow('nested');
  });

  it('of whatever text end in a value or a ClassAdError', () => {
    const words = fc.constantFrom(
      'a',
      'TARGET.',
      '1',
      '"s"',
      '(',
      ')',
      '&&',
      '=?=',
      '?',
      ':',
      '!',
      ',',
      '{',
      'f(',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
        ),
        (text) => {
          try {
            resultOf(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ClassAdError);
          }
        },
      ),
    );
  });
});
