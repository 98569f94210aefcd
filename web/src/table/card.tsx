import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { memo, useRef } from 'react';
import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { measured } from '@/catalog/measured.ts';
import { unknown } from '@/format/number.ts';
import { show } from '@/format/value.ts';
import { useResource, useResourceType } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import { Mark } from '@/parts/mark.tsx';
import { Whose } from '@/parts/whose.tsx';
import { cx } from '@/ui/cx.ts';
import { Cell, StatusCell } from './cell.tsx';
import { hasBar, nameColumn, statusColumn, trendColumn, trendSource } from './columns.ts';
import type { RowProps } from './rows.tsx';

/** The width that a card gives the last hour, in pixels. */
export const cardTrend = 64;

/**
 * What a card has room for: shares with bars first, then what its type thinks more of; only what the type has, and what is not
 * known of this one last.
 */
function cardColumns(resource: Resource, type: ResourceType, columns: readonly Column[]): Column[] {
  const said = [nameColumn, statusColumn];
  const own = columns.filter((c) => !said.includes(c.name) && type.columns.some((t) => t.name === c.name));
  const rank = (c: Column) => {
    if (resource.known && show(measured(resource, c), c.format) === unknown) return Infinity;
    return hasBar(c) ? 0 : c.priority;
  };
  return own.sort((a, b) => rank(a) - rank(b)).slice(0, 3);
}

/** The columns of a card's second line; the fourth is drawn by the layer of lines. */
function cardGrid(trend: Column | undefined): string {
  return trend ? 'grid-cols-[1fr_1fr_1fr_4rem]' : 'grid-cols-3';
}

/** A finger that rests so long means something else than a tap, in milliseconds. */
const longPress = 450;

/** How far it may slip meanwhile, in pixels. */
const slip = 10;

/** Has a finger that rests on something do act; the tap that follows is no tap. */
function useLongPress(act: (() => void) | undefined) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const from = useRef({ x: 0, y: 0 });
  const done = useRef(false);
  const end = () => clearTimeout(timer.current);
  return {
    /** Whether the click that comes now is the end of a long press. */
    took: () => {
      const was = done.current;
      done.current = false;
      return was;
    },
    props: act && {
      onPointerDown: (e: React.PointerEvent) => {
        done.current = false;
        if (e.pointerType !== 'touch') return;
        from.current = { x: e.clientX, y: e.clientY };
        timer.current = setTimeout(() => {
          done.current = true;
          // What comes up meanwhile may lie under the finger: lifting it presses nothing.
          document.addEventListener('touchend', (up) => up.preventDefault(), {
            once: true,
            passive: false,
            capture: true,
          });
          act();
        }, longPress);
      },
      onPointerMove: (e: React.PointerEvent) => {
        if (Math.hypot(e.clientX - from.current.x, e.clientY - from.current.y) > slip) end();
      },
      onPointerUp: end,
      onPointerCancel: end,
      // The browser's own menu of the link would come up under the finger.
      onContextMenu: (e: React.MouseEvent) => {
        if (done.current) e.preventDefault();
      },
    },
  };
}

/** One resource as a card of two lines, for narrow screens. While rows are chosen a tap chooses; a long press begins. */
export const Card = memo(function Card({
  id,
  index,
  columns,
  chosen = false,
  onChoose,
  choosing,
  sorted,
}: RowProps & {
  choosing?: boolean | undefined;
  /** The column that the cards are sorted by. */
  sorted: string;
}) {
  const resource = useResource(id);
  const type = useResourceType(resource?.type);
  const press = useLongPress(onChoose && (() => onChoose(id, false)));
  if (!resource || !type) return null;
  const shown = cardColumns(resource, type, columns);
  const trend = columns.some((c) => c.name === trendColumn) ? trendSource(type, sorted) : undefined;
  const checkbox = onChoose && choosing && ({ role: 'checkbox', 'aria-checked': chosen } as const);
  return (
    <Link
      to="/r/$id"
      params={{ id }}
      data-index={index}
      data-id={id}
      {...checkbox}
      {...press.props}
      draggable={false}
      onClick={(e) => {
        if (press.took()) e.preventDefault();
        else if (checkbox) {
          e.preventDefault();
          onChoose(id, false);
        }
      }}
      onKeyDown={(e) => {
        if (!checkbox || e.key !== ' ') return;
        e.preventDefault();
        onChoose(id, false);
      }}
      className={cx(
        'border-line active:bg-hover flex h-(--card) items-center gap-3 border-b px-3 select-none',
        resource.status === 'stale' && 'hatched',
        chosen && 'bg-selected',
      )}
    >
      {checkbox && (
        <span
          aria-hidden
          className={cx(
            'flex size-5 shrink-0 items-center justify-center rounded-sm border',
            chosen ? 'bg-accent text-accent-text border-transparent' : 'border-line-strong',
          )}
        >
          {chosen && <Check size={14} strokeWidth={3} />}
        </span>
      )}
      <span className="flex min-w-0 flex-1 flex-col gap-1.5">
        <span className="flex items-center justify-between gap-3">
          <span className="flex min-w-0 items-center gap-2 font-medium">
            <Mark status={resource.status} />
            <span className="truncate">{resource.name}</span>
            <Whose id={resource.id} className="max-w-1/2 shrink-0 truncate" />
          </span>
          <span className="shrink-0 text-sm">
            <StatusCell resource={resource} />
          </span>
        </span>
        <span className={cx('text-muted grid text-xs', trend ? 'gap-3' : 'gap-4', cardGrid(trend))}>
          {shown.map((c) => (
            <span key={c.name} className="flex min-w-0 flex-col gap-0.5">
              <span>{c.label}</span>
              <span className="text-text [&_.num]:text-left">
                <Cell resource={resource} type={type} column={c} />
              </span>
            </span>
          ))}
          {trend && (
            <span aria-hidden className="col-start-4 truncate">
              {trend.label}, 1 h
            </span>
          )}
        </span>
      </span>
    </Link>
  );
});
