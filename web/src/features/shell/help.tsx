import { Dialog } from '@/ui/dialog.tsx';

const keys: readonly (readonly [string, string])[] = [
  ['/', 'Filter'],
  ['g o', 'Go to the overview'],
  ['g i', 'Go to infrastructure'],
  ['g p', 'Go to plugins'],
  ['g s', 'Go to settings'],
  ['j', 'Next row'],
  ['k', 'Row before'],
  ['Enter', 'Open the row'],
  ['Esc', 'Clear the filter, close'],
  ['?', 'Show this list'],
];

const filters: readonly (readonly [string, string])[] = [
  ['web', 'anything that holds the word'],
  ['status:down', 'by state: down, degraded, stale, fine'],
  ['os:debian', 'by any column'],
  ['cpu>80', 'over or under a number'],
  ['-tag:lab', 'not so'],
  ['name:"db 1"', 'quotes keep spaces'],
];

function List({ rows, keyed = false }: { rows: typeof keys; keyed?: boolean }) {
  return (
    <dl className="grid grid-cols-[8rem_1fr] gap-y-1.5 text-sm">
      {rows.map(([k, text]) => (
        <div key={k} className="contents">
          <dt>
            {(keyed ? k.split(' ') : [k]).map((part, i) => (
              <kbd
                key={i}
                className="border-line bg-bg mr-1 inline-block min-w-5 rounded-sm border px-1.5 text-center font-mono text-xs"
              >
                {part}
              </kbd>
            ))}
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** All keys, and how to write a filter. */
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard and filter" onClose={onClose}>
      <div className="flex flex-col gap-4">
        <List rows={keys} keyed />
        <h3 className="border-line border-t pt-3 font-semibold">In a filter</h3>
        <List rows={filters} />
      </div>
    </Dialog>
  );
}
