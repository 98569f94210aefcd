import { useNavigate } from '@tanstack/react-router';
import { CornerDownLeft } from 'lucide-react';
import { useDeferredValue, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { rank } from '@/filter/rank.ts';
import { useLive } from '@/live/hooks.ts';
import { useLogout } from '@/parts/menus.tsx';
import { cx } from '@/ui/cx.ts';
import { useEntries, type Entry } from './entries.tsx';

/** As many as one can look through. */
const most = 40;

/** Finds resources, pages and actions by a few letters. */
export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const navigate = useNavigate();
  const leave = useLogout();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const entries = useEntries();
  const deferred = useDeferredValue(query);
  const found = useMemo(() => rank(entries, deferred, most), [entries, deferred]);
  const loaded = useLive((l) => l.loaded);
  const chosen = Math.min(at, found.length - 1);

  // Closed before it leaves the page, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);

  function take(entry: Entry | undefined) {
    if (!entry) return;
    onClose();
    if (entry.to) void navigate(entry.to);
    else {
      entry.act?.({
        showHelp: onHelp,
        logOut: () => void leave(),
        kiosk: () => void navigate({ to: '.', search: (s) => ({ ...s, kiosk: '1' }) }),
      });
    }
  }

  function onKey(e: React.KeyboardEvent) {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[e.key];
    if (step !== undefined) {
      e.preventDefault();
      setAt(Math.min(found.length - 1, Math.max(0, chosen + step)));
    } else if (e.key === 'Enter' && !e.nativeEvent.isComposing) {
      e.preventDefault();
      // What was typed last may not have been ranked yet.
      take(query === deferred ? found[chosen] : rank(entries, query, 1)[0]);
    }
  }

  return (
    <dialog
      ref={dialog}
      aria-label="Go to or do anything"
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onClick={(e) => e.target === e.currentTarget && onClose()}
      className="bg-raised border-line shadow-pop mx-auto mt-[min(12vh,8rem)] mb-auto w-[min(40rem,calc(100vw-2rem))] rounded-lg border p-0"
    >
      <input
        type="text"
        role="combobox"
        aria-label="Find a resource, a page or an action"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen < 0 ? undefined : `${id}-${chosen}`}
        aria-autocomplete="list"
        placeholder="Resource, page or action"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={query}
        onChange={(e) => {
          setQuery(e.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
        className="border-line placeholder:text-muted h-12 w-full border-b px-4 text-lg outline-none"
      />
      <ul
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label="What was found"
        className="max-h-[min(26rem,60vh)] overflow-y-auto p-1"
      >
        {found.map((entry, i) => (
          <li
            key={entry.key}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerMove={() => setAt(i)}
            onClick={() => take(entry)}
            className={cx(
              'flex h-10 cursor-pointer items-center gap-3 rounded-md px-3',
              i === chosen && 'bg-selected',
            )}
          >
            <span className="text-muted flex w-5 shrink-0 justify-center">{entry.icon}</span>
            <span className="min-w-0 flex-1 truncate">
              {entry.label}
              {entry.whose && <span className="text-muted ml-2 text-xs">{entry.whose}</span>}
            </span>
            <span className="text-muted shrink-0 text-xs">{entry.kind}</span>
            <CornerDownLeft
              size={14}
              aria-hidden
              className={cx('text-muted shrink-0', i !== chosen && 'invisible')}
            />
          </li>
        ))}
      </ul>
      <p role="status" className={found.length > 0 ? 'visually-hidden' : 'text-muted px-4 pb-3 text-sm'}>
        {found.length > 0
          ? `${found.length} found`
          : loaded
            ? `Nothing is called “${query}”.`
            : `Nothing is called “${query}” so far; resources are still loading.`}
      </p>
    </dialog>
  );
}
