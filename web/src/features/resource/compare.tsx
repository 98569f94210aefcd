import { useNavigate, useSearch } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState } from 'react';
import { comparisons, parsePart } from '@/charts/earlier.ts';
import type { Window } from '@/api/queries.ts';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Disclosure } from '@/ui/menu.tsx';
import { cx } from '@/ui/cx.ts';

/** Chooses the time whose lines are laid under those that show. */
export function CompareMenu() {
  const { compare = '', from, to } = useSearch({ from: '/shell/r/$id' });
  const navigate = useNavigate({ from: '/r/$id' });
  const [asking, setAsking] = useState(false);
  const set = (word: string | undefined) =>
    void navigate({ search: (s) => ({ ...s, compare: word }), replace: true });
  const free = parsePart(compare);
  const items: [string, boolean, () => void][] = [
    ['Nothing', compare === '', () => set(undefined)],
    ...comparisons.map((c): [string, boolean, () => void] => [
      c.label,
      compare === c.word,
      () => set(c.word),
    ]),
    ['Another time…', free !== undefined, () => setAsking(true)],
  ];
  return (
    <>
      <Disclosure
        label="Compare with another time"
        className={cx(
          'inline-flex h-7 items-center rounded-md border px-2 text-sm max-sm:h-10',
          compare === '' ? 'border-line bg-surface hover:bg-hover' : 'border-accent bg-selected',
        )}
        button="Compare"
      >
        {(close) =>
          items.map(([label, chosen, act]) => (
            <button
              key={label}
              type="button"
              aria-pressed={chosen}
              onClick={() => {
                close();
                act();
              }}
              className="hover:bg-hover flex h-9 w-full items-center gap-2 rounded-md px-2 text-left text-sm max-sm:h-11"
            >
              <Check size={14} aria-hidden className={cx(!chosen && 'invisible')} />
              {label}
            </button>
          ))
        }
      </Disclosure>
      {asking && (
        <PartDialog
          title="Compare with"
          part={free ?? (from && to ? { from: Number(from), to: Number(to) } : undefined)}
          onClose={() => setAsking(false)}
          onPart={(part) => set(`${part.from}-${part.to}`)}
        />
      )}
    </>
  );
}

/** A moment as the browser's own field for it writes one, in the zone of who looks. */
function local(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}

const hour = 3_600_000;

/** Asks for a part of the past. */
export function PartDialog({
  title,
  part,
  onClose,
  onPart,
}: {
  title: string;
  /** What the fields begin with; the last hour when nothing. */
  part: Window | undefined;
  onClose: () => void;
  onPart: (part: Window) => void;
}) {
  const [opened] = useState(Date.now);
  const [from, setFrom] = useState(() => local(part?.from ?? opened - hour));
  const [to, setTo] = useState(() => local(part?.to ?? opened));
  const [tried, setTried] = useState(false);
  const chosen = { from: Date.parse(from), to: Date.parse(to) };
  const error = !(chosen.from < chosen.to)
    ? 'It ends before it begins.'
    : chosen.from > opened
      ? 'It is still to come.'
      : undefined;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          setTried(true);
          if (error) return;
          onPart(chosen);
          onClose();
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From" type="datetime-local" value={from} onChange={(e) => setFrom(e.target.value)} />
          <Field
            label="To"
            type="datetime-local"
            value={to}
            error={tried ? error : undefined}
            onChange={(e) => setTo(e.target.value)}
          />
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary">
            Show
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
