import { useNavigate, useSearch } from '@tanstack/react-router';
import { ranges, type Range } from '@/api/queries.ts';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';

/** What charts show when the address does not say. */
export const defaultRange: Range = '1h';

/** Chooses what all charts of the page show. */
export function RangePicker() {
  const { range = defaultRange, from, compare } = useSearch({ from: '/shell/r/$id' });
  const navigate = useNavigate({ from: '/r/$id' });
  const zoomed = from !== undefined;
  return (
    <div className="flex flex-wrap items-center gap-2">
      {zoomed && (
        <Button
          small
          onClick={() => void navigate({ search: (s) => ({ ...s, from: undefined, to: undefined }) })}
          className="max-sm:h-10"
        >
          Reset zoom
        </Button>
      )}
      <Button
        small
        aria-pressed={compare === '1'}
        title="Lay the time before under the lines"
        onClick={() =>
          void navigate({ search: (s) => ({ ...s, compare: s.compare ? undefined : '1' }), replace: true })
        }
        className="max-sm:h-10"
      >
        Compare
      </Button>
      <div
        role="group"
        aria-label="Range of the charts"
        className="border-line bg-surface flex rounded-md border p-0.5"
      >
        {ranges.map((r) => (
          <button
            key={r}
            type="button"
            aria-pressed={!zoomed && r === range}
            onClick={() =>
              void navigate({
                search: (s) => ({
                  compare: s.compare,
                  range: r === defaultRange ? undefined : r,
                }),
                replace: true,
              })
            }
            className={cx(
              'num h-7 rounded-sm text-sm max-sm:h-10 max-sm:px-1.5 sm:min-w-9 sm:px-2',
              !zoomed && r === range ? 'bg-selected text-accent font-medium' : 'text-muted hover:text-text',
            )}
          >
            {r}
          </button>
        ))}
      </div>
    </div>
  );
}
