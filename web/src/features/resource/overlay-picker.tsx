import { Layers, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { natural } from '@/format/natural.ts';
import { useLiveSource } from '@/live/hooks.ts';
import { TypeIcon } from '@/parts/type-icon.tsx';
import { Whose } from '@/parts/whose.tsx';
import { Field } from '@/ui/field.tsx';
import { Disclosure } from '@/ui/menu.tsx';
import { mostOthers, useOverlay } from './overlay.ts';

/** As many as are offered at once. */
const most = 8;

/** Whether two types have a number in common that a chart could show together. */
function comparable(a: ResourceType, b: ResourceType): boolean {
  return a === b || a.metrics.some((m) => b.metrics.some((n) => n.name === m.name && n.unit === m.unit));
}

/** Chooses other resources by their names, to lay their lines over those of the page's. */
export function OverlayPicker({ id, type }: { id: string; type: ResourceType }) {
  const { chosen, add } = useOverlay();
  return (
    <Disclosure
      label="Overlay others"
      className="border-line bg-surface hover:bg-hover inline-flex h-7 items-center gap-2 rounded-md border px-2 text-sm max-sm:h-10"
      button={
        <>
          <Layers size={14} aria-hidden /> Overlay
        </>
      }
    >
      {(close) =>
        chosen.length >= mostOthers ? (
          <p className="text-muted w-64 p-2 text-sm">{mostOthers} others are as many as a chart can show.</p>
        ) : (
          <Choices
            without={[id, ...chosen.map((c) => c.id)]}
            type={type}
            onChoose={(other) => {
              close();
              add(other);
            }}
          />
        )
      }
    </Disclosure>
  );
}

function Choices({
  without,
  type,
  onChoose,
}: {
  without: readonly string[];
  type: ResourceType;
  onChoose: (id: string) => void;
}) {
  const { store } = useLiveSource();
  const [query, setQuery] = useState('');
  const left = without.join('\n');
  const found = useMemo(() => {
    const { byId, catalog } = store.read();
    const fitting = new Map(catalog.types.filter((t) => comparable(type, t)).map((t) => [t.name, t]));
    const words = query.toLowerCase().trim();
    return [...byId.values()]
      .flatMap((r) => {
        const kind = fitting.get(r.type);
        return kind && !left.split('\n').includes(r.id) && r.name.toLowerCase().includes(words)
          ? [{ id: r.id, name: r.name, kind }]
          : [];
      })
      .sort((a, b) => Number(b.kind === type) - Number(a.kind === type) || natural(a.name, b.name));
  }, [store, type, query, left]);
  return (
    <div className="flex w-64 flex-col gap-1 p-1">
      <Field
        label="Name"
        autoFocus
        autoComplete="off"
        value={query}
        onChange={(e) => setQuery(e.target.value)}
      />
      <ul aria-label="Resources">
        {found.slice(0, most).map((r) => (
          <li key={r.id}>
            <button
              type="button"
              onClick={() => onChoose(r.id)}
              className="hover:bg-hover flex h-8 w-full items-center gap-2 rounded-md px-2 text-left text-sm max-sm:h-11"
            >
              <span className="text-muted shrink-0">
                <TypeIcon name={r.kind.icon} size={14} />
              </span>
              <span className="min-w-0 flex-1 truncate">
                {r.name} <Whose id={r.id} />
              </span>
              <span className="text-muted shrink-0 text-xs">{r.kind.label}</span>
            </button>
          </li>
        ))}
      </ul>
      <p role="status" className="text-muted px-2 text-xs">
        {found.length === 0
          ? 'Nothing with such numbers is called so.'
          : found.length > most && `${found.length - most} more`}
      </p>
    </div>
  );
}

/** The resources that are laid over; each can be taken away. */
export function OverlaidNames() {
  const { chosen, remove } = useOverlay();
  if (chosen.length === 0) return null;
  return (
    <ul aria-label="Laid over" className="flex flex-wrap gap-2">
      {chosen.map(({ id, name }) => (
        <li key={id} className="border-line bg-surface flex items-center rounded-md border text-sm">
          <span className="max-w-56 truncate pl-2">
            {name} <Whose id={id} />
          </span>
          <button
            type="button"
            aria-label={`Take ${name} away`}
            onClick={() => remove(id)}
            className="text-muted hover:text-text flex size-7 items-center justify-center max-sm:size-10"
          >
            <X size={14} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
