import type { NightTrend } from '../../history/trend.ts';
import { printable } from '../../report/printable.ts';
import { HEIGHT } from './plot-paths.ts';
import { Drawing, Row } from './row.tsx';

/** The number of components with their own row; the lists below name the others. */
const COMPONENTS = 8;

interface Found {
  errors: number;
  warnings: number;
}

/** Errors and warnings by component, and changed histograms: one column for each night. */
export function Findings({ nights }: { nights: readonly NightTrend[] }) {
  const sums = new Map<string, number>();
  for (const { components } of nights)
    for (const [name, { errors, warnings }] of Object.entries(components))
      sums.set(name, (sums.get(name) ?? 0) + errors * nights.length + warnings);
  const names = [...sums].sort(([, a], [, b]) => b - a).slice(0, COMPONENTS);
  const hasHistograms = nights.some(({ histograms }) => histograms > 0);
  if (names.length === 0 && !hasHistograms) return null;
  const none = { errors: 0, warnings: 0 };
  return (
    <>
      <div class="night-row night-head">
        <h2>Findings by component</h2>
      </div>
      {names.map(([name]) => (
        <Columns
          key={name}
          name={name === '' ? 'no component' : printable(name)}
          counts={nights.map(({ components, judged }) => (judged ? (components[name] ?? none) : undefined))}
        />
      ))}
      {hasHistograms && (
        <Columns
          name="Histograms changed"
          counts={nights.map(({ histograms, judged }) => (judged ? { errors: histograms, warnings: 0 } : undefined))}
        />
      )}
    </>
  );
}

/** Errors below, warnings above them. */
function Columns({ name, counts }: { name: string; counts: readonly (Found | undefined)[] }) {
  const most = Math.max(1, ...counts.map((found) => (found ? found.errors + found.warnings : 0)));
  const latest = counts.at(-1);
  const height = (count: number): number => (count / most) * HEIGHT;
  return (
    <Row name={name} value={latest ? String(latest.errors + latest.warnings) : <span class="soft">unknown</span>}>
      <Drawing count={counts.length} low>
        <line class="base" x1="0" x2={counts.length} y1={HEIGHT - 1} y2={HEIGHT - 1} />
        {counts.map((found, n) => {
          if (!found || found.errors + found.warnings === 0) return null;
          const [errors, warnings] = [height(found.errors), height(found.warnings)];
          return (
            <g key={n}>
              <rect class="found" x={n + 0.15} width="0.7" y={HEIGHT - errors} height={errors} />
              <rect class="found warn" x={n + 0.15} width="0.7" y={HEIGHT - errors - warnings} height={warnings} />
            </g>
          );
        })}
      </Drawing>
    </Row>
  );
}
