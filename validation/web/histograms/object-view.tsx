import { useEffect, useState } from 'preact/hooks';
import type { StoredObject } from '../../histograms/check/details.ts';
import { plainTitle } from '../../histograms/show/latex.ts';
import { printable } from '../../report/printable.ts';
import { Failed, Loading } from '../parts/notice.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { apiPath } from '../routes.ts';
import { getPart, ServerError } from '../state/server.ts';
import { type Item, isStoredObject } from './items.ts';
import { PictureView } from './picture.tsx';

/** One object: the sentence that decided, its picture, and its tests. */
export function ObjectView({ run, item }: { run: string; item: Item }) {
  const { object, error, reload } = useStored(run, item);
  return (
    <article class="object" aria-labelledby="object-name">
      <h2 id="object-name">{printable(item.name)}</h2>
      <p class="soft">
        {printable(item.file)}
        {object && object.title !== '' && object.title !== item.name && `: ${printable(plainTitle(object.title))}`}
      </p>
      {!item.bytes && <p>relval did not store this object.</p>}
      {error && <Failed error={error} retry={reload} />}
      {item.bytes && !object && !error && <Loading what={item.name} />}
      {object && (
        <>
          <p class="reason">
            <strong>
              {item.state}
              {item.remark === '' ? '' : ` (${item.remark})`}
            </strong>
            : {printable(object.reason)}
          </p>
          {object.owner !== undefined && <p class="soft">Owner: {printable(object.owner)}</p>}
          {object.picture && <PictureView key={item.key} picture={object.picture} />}
          <Tests tests={object.tests} />
        </>
      )}
    </article>
  );
}

function Tests({ tests }: Pick<StoredObject, 'tests'>) {
  if (tests.length === 0) return null;
  const short = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(3))));
  return (
    <table>
      <caption class="visually-hidden">Tests</caption>
      <TableHead
        columns={[
          'Test',
          { text: 'statistic', number: true },
          { text: 'p', number: true },
          { text: 'size', number: true },
        ]}
      />
      <tbody>
        {tests.map(({ test, statistic, ndf, p, size, spread }) => (
          <tr key={test}>
            <th scope="row">{test}</th>
            <td class="number">
              {ndf === undefined ? `${short(statistic)} σ` : `χ² ${short(statistic)} / ${ndf}`}
              {spread === undefined ? '' : `, ${short(spread)} among references`}
            </td>
            <td class="number">{short(p)}</td>
            <td class="number">{short(size)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The stored data of an object. */
function useStored(
  run: string,
  { bytes, key }: Item,
): { object: StoredObject | undefined; error: ServerError | undefined; reload: () => void } {
  const [state, setState] = useState<{ key: string; object?: StoredObject; error?: ServerError }>({ key: '' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!bytes) return;
    const abort = new AbortController();
    getPart(apiPath(['runs', run, 'report', 'histograms.ndjson']), bytes.from, bytes.to, abort.signal)
      .then((text) => {
        const object: unknown = JSON.parse(text);
        if (!isStoredObject(object)) throw new TypeError('not an object of histograms.ndjson');
        setState({ key, object });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const known = error instanceof ServerError ? error : new ServerError(200, 'The stored object cannot be read.');
        setState({ key, error: known });
      });
    return () => abort.abort();
  }, [run, key, bytes?.from, turn]);
  const { object, error } = state.key === key ? state : {};
  return { object, error, reload: () => setTurn(turn + 1) };
}
