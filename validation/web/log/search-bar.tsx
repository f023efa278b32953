import { useState } from 'preact/hooks';
import { counted, formatCount } from '../../units/count.ts';
import type { Query } from './highlight.ts';
import type { SearchState } from './search.ts';

interface Props {
  field: { current: HTMLInputElement | null };
  state: SearchState | undefined;
  onStart: (query: Query) => void;
  onMove: (forward: boolean) => void;
  current: number | undefined;
}

/** Searches the whole log. Enter starts the search, and then goes from match to match. */
export function SearchBar({ field, state, onStart, onMove, current }: Props) {
  const [regex, setRegex] = useState(false);
  const [exact, setExact] = useState(false);
  const begin = (text: string, how: { regex: boolean; case: boolean }): void => {
    const { query } = state ?? {};
    if (query && !state?.error && query.text === text && query.regex === how.regex && query.case === how.case)
      onMove(true);
    else onStart({ text, ...how });
  };
  const text = (): string => field.current?.value ?? '';
  return (
    <search class="search-bar">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin(text(), { regex, case: exact });
          field.current?.blur();
        }}
      >
        <input
          ref={field}
          type="search"
          placeholder="Search this log  ( / )"
          aria-label="Search the log"
          maxLength={500}
        />
      </form>
      <button
        type="button"
        aria-pressed={regex}
        title="Read the text as a regular expression"
        onClick={() => {
          setRegex(!regex);
          if (text() !== '') onStart({ text: text(), regex: !regex, case: exact });
        }}
      >
        Regular expression
      </button>
      <button
        type="button"
        aria-pressed={exact}
        title="Upper and lower case letters differ"
        onClick={() => {
          setExact(!exact);
          if (text() !== '') onStart({ text: text(), regex, case: !exact });
        }}
      >
        Match case
      </button>
      {state && (
        <>
          <button
            type="button"
            onClick={() => onMove(false)}
            aria-label="Previous match"
            disabled={state.lines.length === 0}
          >
            ↑
          </button>
          <button
            type="button"
            onClick={() => onMove(true)}
            aria-label="Next match"
            disabled={state.lines.length === 0}
          >
            ↓
          </button>
        </>
      )}
      <span role="status" class={state?.error ? 'bad' : 'soft'}>
        {state ? words(state, current) : ''}
      </span>
    </search>
  );
}

function words({ lines, upTo, more, error }: SearchState, current: number | undefined): string {
  if (error !== undefined) return error;
  if (upTo !== undefined) return `${formatCount(lines.length)} found, searching from line ${formatCount(upTo + 1)}…`;
  if (lines.length === 0) return 'no line matches';
  const at = current === undefined ? -1 : lines.indexOf(current);
  return `${at < 0 ? '' : `${formatCount(at + 1)} of `}${more ? `more than ${counted(lines.length, 'line')}` : counted(lines.length, 'line')}`;
}
