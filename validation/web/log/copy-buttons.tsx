import { useState } from 'preact/hooks';
import { copy, textOf } from './copy.ts';
import type { LineRange } from './line-range.ts';
import type { LogName } from './log-source.ts';

/** Copies the text of the chosen lines, or a link to them. */
export function CopyButtons({ name, range }: { name: LogName; range: LineRange }) {
  const [said, setSaid] = useState('');
  const put = async (what: string, text: () => Promise<string>): Promise<void> => {
    const done = await copy(await text()).catch(() => false);
    setSaid(done ? `${what} copied` : 'The browser does not allow copying.');
  };
  const lines = range.from === range.to ? `line ${range.from}` : `lines ${range.from} to ${range.to}`;
  return (
    <>
      <button type="button" title={`Copy ${lines}`} onClick={() => void put('text', () => textOf(name, range))}>
        Copy text
      </button>
      <button
        type="button"
        title={`Copy the address of ${lines}`}
        onClick={() => void put('link', async () => location.href)}
      >
        Copy link
      </button>
      <span class="soft" role="status" key={`${range.from} ${range.to}`}>
        {said}
      </span>
    </>
  );
}
