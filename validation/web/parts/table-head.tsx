interface Column {
  text: string;
  /** To the right, as what stands below it. */
  number?: true;
  /** Left out on a narrow screen. */
  wide?: true;
  /** What is below tells itself: the name is for those who listen. */
  unseen?: true;
}

/** The names of a table's columns. */
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
