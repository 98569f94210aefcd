import { Link } from '@tanstack/react-router';
import { Fragment, useEffect, useRef } from 'react';
import { cx } from '@/ui/cx.ts';
import type { Place } from './places.ts';

/** The menu of a group of pages: a row that scrolls, or a column with the names of its groups where there is room. */
export function PlaceMenu({
  label,
  pages,
  path,
  column = false,
  className,
}: {
  label: string;
  pages: readonly Place[];
  /** Where one is. */
  path: string;
  column?: boolean;
  className?: string;
}) {
  const menu = useRef<HTMLElement>(null);
  // Where one is stays in sight, also when the row becomes narrower; the page itself is not scrolled.
  useEffect(() => {
    const row = menu.current;
    if (!row) return undefined;
    const watch = new ResizeObserver(() => {
      const here = row.querySelector('[aria-current=page]')?.getBoundingClientRect();
      if (!here) return;
      const { left, width } = row.getBoundingClientRect();
      row.scrollLeft += here.left + here.width / 2 - (left + width / 2);
    });
    watch.observe(row);
    return () => watch.disconnect();
  }, [path, pages.length]);
  return (
    <nav
      ref={menu}
      aria-label={label}
      className={cx(
        'flex gap-1',
        column ? 'max-lg:overflow-x-auto lg:flex-col' : 'overflow-x-auto',
        className,
      )}
    >
      {pages.map((p, i) => (
        <Fragment key={p.to}>
          {column && p.group !== pages[i - 1]?.group && (
            <span className="text-muted px-3 pt-3 pb-1 text-xs font-medium first:pt-0 max-lg:hidden">
              {p.group}
            </span>
          )}
          <Link
            to={p.to}
            activeOptions={{ exact: true, includeSearch: false }}
            className="flex h-9 shrink-0 items-center rounded-md px-3 whitespace-nowrap max-sm:h-11"
            activeProps={{ className: 'bg-selected text-accent font-medium' }}
            inactiveProps={{ className: 'text-muted hover:bg-hover hover:text-text' }}
          >
            {p.label}
          </Link>
        </Fragment>
      ))}
    </nav>
  );
}
