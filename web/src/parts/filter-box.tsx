import { Search, X } from 'lucide-react';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { filterKeys, filterValues } from '@/filter/keys.ts';
import { suggest, take, typedAt, type Suggestion } from '@/filter/suggest.ts';
import { useColumns, useLiveSource } from '@/live/hooks.ts';
import { cx } from '@/ui/cx.ts';

/** A filter over resources of some types, which says what may be written. */
export function FilterBox({
  query,
  onQuery,
  types,
}: {
  query: string;
  onQuery: (q: string) => void;
  types: readonly ResourceType[];
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const { store } = useLiveSource();
  const [caret, setCaret] = useState<number>();
  const [at, setAt] = useState(-1);
  const caretAfter = useRef<number>(undefined);
  const keys = useMemo(() => filterKeys(types), [types]);
  const open = caret !== undefined;
  const typed = useMemo(() => (open ? typedAt(query, caret) : undefined), [open, query, caret]);
  const source = typed?.op === ':' ? filterValues(types, typed.key) : undefined;
  // Values of a column are known once the server sends it of all.
  const known = useColumns(source?.paths ?? []);
  const valueKey = typed?.op === ':' ? typed.key : '';
  const values = useMemo(
    () => (known && valueKey !== '' ? filterValues(types, valueKey).of(store.read().byId) : []),
    [known, valueKey, types, store],
  );
  const options = useMemo(() => (typed ? suggest(typed, keys, values) : []), [typed, keys, values]);
  const chosen = Math.min(at, options.length - 1);
  const shown = open && options.length > 0;

  // The caret moves only once the text that it is in is there.
  useLayoutEffect(() => {
    if (caretAfter.current === undefined) return;
    input.current?.setSelectionRange(caretAfter.current, caretAfter.current);
    caretAfter.current = undefined;
  }, [query]);

  function follow() {
    setCaret(input.current?.selectionStart ?? undefined);
  }

  function accept(option: Suggestion) {
    if (!typed) return;
    const next = take(query, typed, option);
    caretAfter.current = next.caret;
    onQuery(next.input);
    setCaret(option.whole ? undefined : next.caret);
    setAt(-1);
    input.current?.focus();
  }

  function onKey(e: React.KeyboardEvent<HTMLInputElement>) {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    const option = options[chosen];
    if (step !== 0) {
      e.preventDefault();
      if (!shown) follow();
      else setAt((chosen + step + options.length + 1) % (options.length + 1));
    } else if ((e.key === 'Enter' || e.key === 'Tab') && shown && option && !e.shiftKey) {
      e.preventDefault();
      accept(option);
    } else if (e.key === 'Escape') {
      if (shown && chosen >= 0) setAt(-1);
      else if (query !== '') onQuery('');
      else e.currentTarget.blur();
    }
  }

  return (
    <div role="search" className="relative max-w-xl min-w-0 flex-1 basis-72">
      <Search size={16} aria-hidden className="text-muted absolute top-1/2 left-2.5 -translate-y-1/2" />
      <input
        ref={input}
        data-filter
        type="text"
        role="combobox"
        aria-label="Filter"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && chosen >= 0 ? `${id}-${chosen}` : undefined}
        enterKeyHint="search"
        placeholder="Filter: words, status:down, cpu>80"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={query}
        onChange={(e) => {
          setAt(-1);
          setCaret(e.target.selectionStart ?? e.target.value.length);
          onQuery(e.target.value);
        }}
        onClick={follow}
        onBlur={() => setCaret(undefined)}
        onKeyDown={onKey}
        className="bg-surface border-line-strong placeholder:text-muted h-8 w-full rounded-md border pr-8 pl-8 max-sm:h-11 max-sm:text-lg"
      />
      {query !== '' && (
        <button
          type="button"
          aria-label="Clear the filter"
          onClick={() => onQuery('')}
          className="text-muted hover:text-text absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center"
        >
          <X size={14} aria-hidden />
        </button>
      )}
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label="What the filter understands"
        hidden={!shown}
        className="bg-raised border-line shadow-pop absolute top-full right-0 left-0 z-30 mt-1 rounded-lg border p-1"
      >
        {options.map((option, i) => (
          <li
            key={option.text}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === chosen}
            // The field keeps the focus.
            onPointerDown={(e) => e.preventDefault()}
            onClick={() => accept(option)}
            className={cx(
              'hover:bg-hover flex h-8 cursor-pointer items-center gap-3 rounded-md px-2 text-sm max-sm:h-11',
              i === chosen && 'bg-selected',
            )}
          >
            <span className="font-mono">{option.text}</span>
            <span className="text-muted min-w-0 flex-1 truncate text-right text-xs">{option.hint}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
