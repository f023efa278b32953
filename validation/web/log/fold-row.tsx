import { counted } from '../../units/count.ts';
import type { Fold } from './folded-rows.ts';

const WORDS = { trace: 'of the shell’s commands', repeated: 'like this one', banner: 'of this banner' } as const;

/** The row that stands for folded lines: a click shows them. */
export function FoldRow({ row, fold, onOpen }: { row: number; fold: Fold; onOpen: () => void }) {
  return (
    <div class="row folded" data-row={row}>
      <button type="button" class="quiet" onClick={onOpen}>
        <span aria-hidden="true">▸</span> {counted(fold.to - fold.from + 1, 'more line')} {WORDS[fold.kind]}
      </button>
    </div>
  );
}
