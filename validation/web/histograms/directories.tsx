import { useMemo } from 'preact/hooks';
import type { Details } from '../../histograms/check/details.ts';
import { countsText, type Directory, directoriesOf } from '../../histograms/show/tree.ts';
import { printable } from '../../report/printable.ts';

/** The largest number of listed subdirectories: nobody reads more. */
const MOST = 200;

/** The directories of all files; directories with the worst objects come first. The user can choose one. */
export function Directories(props: { details: Details; current: string; choose: (directory: string) => void }) {
  const tops = useMemo(() => directoriesOf(props.details), [props.details]);
  return (
    <nav class="directories" aria-label="Directories">
      <ul>
        {tops.map((top) => (
          <Branch key={top.name} directory={top} path={top.name} {...props} />
        ))}
      </ul>
    </nav>
  );
}

function Branch({
  directory,
  path,
  current,
  choose,
}: {
  directory: Directory;
  path: string;
  current: string;
  choose: (directory: string) => void;
}) {
  const { name, counts, directories } = directory;
  const isOpen = current === path || current.startsWith(`${path}/`);
  return (
    <li>
      <button
        type="button"
        class="quiet"
        aria-pressed={current === path}
        onClick={() => choose(current === path ? '' : path)}
      >
        {printable(name)} <span class="soft">{countsText(counts)}</span>
      </button>
      {(isOpen || !path.includes('/')) && directories.length > 0 && (
        <ul>
          {directories.slice(0, MOST).map((one) => (
            <Branch key={one.name} directory={one} path={`${path}/${one.name}`} current={current} choose={choose} />
          ))}
          {directories.length > MOST && <li class="soft">and {directories.length - MOST} more</li>}
        </ul>
      )}
    </li>
  );
}
