import { useNavigate, useSearch } from '@tanstack/react-router';
import { CalendarRange, ChevronLeft, ChevronRight, ZoomOut } from 'lucide-react';
import { useState } from 'react';
import { ranges, type Range } from '@/api/queries.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { moved, scaled, type Span } from '@/charts/span.ts';
import { Button, IconButton } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { CompareMenu, PartDialog } from './compare.tsx';
import { OverlayPicker } from './overlay-picker.tsx';
import { useShowPart } from './part.ts';

/** What charts show when the address does not say. */
export const defaultRange: Range = '1h';

/** What the part that shows can be made by a press; hands do the same on a plot. */
const moves: { label: string; Icon: typeof ZoomOut; next: (part: Span) => Span }[] = [
  { label: 'Earlier', Icon: ChevronLeft, next: (p) => moved(p, (p[0] - p[1]) / 2) },
  { label: 'Later', Icon: ChevronRight, next: (p) => moved(p, (p[1] - p[0]) / 2) },
  { label: 'Zoom out', Icon: ZoomOut, next: (p) => scaled(p, 2) },
];

/** Chooses what all charts of the page show. */
export function RangePicker({ id, type }: { id: string; type: ResourceType }) {
  const { range = defaultRange, from, to } = useSearch({ from: '/shell/r/$id' });
  const navigate = useNavigate({ from: '/r/$id' });
  const [asking, setAsking] = useState(false);
  const zoomed = from !== undefined && to !== undefined;
  const show = useShowPart();
  return (
    // On a phone its buttons share the line of what else the page offers.
    <div className="flex flex-wrap items-center gap-2 max-sm:contents">
      {zoomed && (
        <>
          <div role="group" aria-label="Move the part" className="flex">
            {moves.map(({ label, Icon, next }) => (
              <IconButton
                key={label}
                label={label}
                className="size-7 max-sm:size-10"
                onClick={() => show(next([Number(from) / 1000, Number(to) / 1000]))}
              >
                <Icon size={16} aria-hidden />
              </IconButton>
            ))}
          </div>
          <Button small onClick={() => show(undefined)} className="max-sm:h-10">
            Reset zoom
          </Button>
        </>
      )}
      <OverlayPicker id={id} type={type} />
      <CompareMenu />
      <div
        role="group"
        aria-label="Range of the charts"
        className="border-line bg-surface flex rounded-md border p-0.5 max-sm:order-last"
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
                  with: s.with,
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
        <button
          type="button"
          aria-label="From and to"
          title="From and to"
          onClick={() => setAsking(true)}
          className="text-muted hover:text-text flex h-7 items-center rounded-sm px-2 max-sm:h-10 max-sm:px-1.5"
        >
          <CalendarRange size={14} aria-hidden />
        </button>
      </div>
      {asking && (
        <PartDialog
          title="Show"
          part={zoomed ? { from: Number(from), to: Number(to) } : undefined}
          onClose={() => setAsking(false)}
          onPart={(part) => show([part.from / 1000, part.to / 1000])}
        />
      )}
    </div>
  );
}
