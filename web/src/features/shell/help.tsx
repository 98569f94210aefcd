import { Dialog } from '@/ui/dialog.tsx';
import { keymap } from './keymap.ts';

const filters: readonly (readonly [string, string])[] = [
  ['web', 'anything that holds the word'],
  ['status:down', 'by state: down, degraded, stale, fine'],
  ['os:debian', 'by any column'],
  ['cpu>80', 'over or under a number'],
  ['-tag:lab', 'not so'],
  ['name:"db 1"', 'quotes keep spaces'],
];

function Kbd({ text }: { text: string }) {
  return (
    <kbd className="border-line bg-bg mr-1 inline-block min-w-5 rounded-sm border px-1.5 text-center font-mono text-xs">
      {text}
    </kbd>
  );
}

function Part({
  title,
  rows,
}: {
  title: string;
  rows: readonly { parts: readonly string[]; does: string }[];
}) {
  return (
    <section>
      <h3 className="mb-1.5 text-sm font-semibold">{title}</h3>
      <dl className="grid grid-cols-[7.5rem_1fr] gap-y-1.5 text-sm">
        {rows.map((row) => (
          <div key={row.parts.join(' ')} className="contents">
            <dt>
              {row.parts.map((part, i) => (
                <Kbd key={i} text={part} />
              ))}
            </dt>
            <dd>{row.does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** All keys, and how to write a filter. */
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard and filter" onClose={onClose} reading>
      <div className="grid grid-cols-1 gap-5 sm:grid-cols-2">
        {keymap.map((part) => (
          <Part
            key={part.title}
            title={part.title}
            rows={part.keys.map((k) => ({ parts: k.keys.split(/[ +]/), does: k.does }))}
          />
        ))}
        <Part title="In a filter" rows={filters.map(([text, does]) => ({ parts: [text], does }))} />
      </div>
    </Dialog>
  );
}
