import { Columns3 } from 'lucide-react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { groupingsOf } from '@/filter/group.ts';
import { chosenColumns, columnsOf, nameColumn, statusColumn } from '@/table/columns.ts';
import { Button } from '@/ui/button.tsx';
import { Checkbox } from '@/ui/field.tsx';
import { Disclosure } from '@/ui/menu.tsx';

/** Chooses what the rows of a table are grouped by. */
export function GroupPicker({
  types,
  group,
  onGroup,
}: {
  types: readonly ResourceType[];
  group: string;
  onGroup: (by: string) => void;
}) {
  return (
    <label className="text-muted flex items-center gap-2 text-sm">
      Group
      <select
        value={group}
        onChange={(e) => onGroup(e.target.value)}
        className="bg-surface border-line text-text h-8 max-w-36 rounded-md border px-2 max-sm:h-11"
      >
        <option value="">none</option>
        {groupingsOf(types).map((g) => (
          <option key={g.name} value={g.name}>
            {g.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Chooses the columns of a table; names are empty for those of the default. */
export function ColumnPicker({
  types,
  names,
  onNames,
}: {
  types: readonly ResourceType[];
  names: string;
  onNames: (names: string) => void;
}) {
  const all = columnsOf(types, true).filter((c) => c.name !== nameColumn && c.name !== statusColumn);
  const chosen = new Set(chosenColumns(types, names).map((c) => c.name));
  const usual = columnsOf(types).map((c) => c.name);
  function toggle(name: string) {
    const next = all.map((c) => c.name).filter((n) => (n === name ? !chosen.has(n) : chosen.has(n)));
    const same = next.length === usual.length - 2 && next.every((n) => usual.includes(n));
    if (next.length > 0) onNames(same ? '' : next.join(','));
  }
  return (
    <Disclosure
      label="Columns"
      className="text-muted hover:bg-hover hover:text-text inline-flex size-8 items-center justify-center rounded-md max-sm:size-11"
      button={<Columns3 size={16} aria-hidden />}
    >
      {() => (
        <fieldset className="max-h-[60vh] overflow-y-auto p-2">
          <legend className="visually-hidden">Columns that show</legend>
          <div className="flex flex-col gap-1.5">
            {all.map((c) => (
              <Checkbox
                key={c.name}
                label={<span className="whitespace-nowrap">{c.label}</span>}
                checked={chosen.has(c.name)}
                onChange={() => toggle(c.name)}
              />
            ))}
          </div>
          {names !== '' && (
            <Button small className="mt-2 w-full" onClick={() => onNames('')}>
              As usual
            </Button>
          )}
        </fieldset>
      )}
    </Disclosure>
  );
}
