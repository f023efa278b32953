interface Column {
  text: string;
  /** Aligned to the right, as the numbers below it. */
  number?: true;
  /** Hidden on a narrow screen. */
  wide?: true;
  /** The column needs no visible name; the name is for screen readers. */
  unseen?: true;
}

/** The row with the names of the columns. */
export function TableHead({ columns }: { columns: readonly (string | Column)[] }) {
  const all = columns.map((column): Column => (typeof column === 'string' ? { text: column } : column));
  return (
    <thead>
      <tr>
        {all.map(({ text, number, wide, unseen }) => (
          <th
            key={text}
            scope="col"
            class={[number ? 'number' : '', wide ? 'wide' : ''].filter((name) => name !== '').join(' ') || undefined}
          >
            {unseen ? <span class="visually-hidden">{text}</span> : text}
          </th>
        ))}
      </tr>
    </thead>
  );
}
