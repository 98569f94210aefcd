import { EllipsisVertical } from 'lucide-react';
import { useState } from 'react';
import type { Format } from '@/format/value.ts';
import { show } from '@/format/value.ts';
import { dateTime } from '@/format/time.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { Disclosure } from '@/ui/menu.tsx';
import { saveFile } from '@/ui/save.ts';
import { csvOf, fileName } from './csv.ts';
import type { Series } from './series.ts';

/** As many rows as a table shows; all are in the file. */
const most = 500;

/** What can be taken from a chart: its numbers as a file or a table, its picture. */
export function ChartMenu({
  title,
  subject,
  series,
  format,
  picture,
}: {
  title: string;
  /** Whose numbers these are. */
  subject: string;
  series: readonly Series[];
  format: Format;
  picture: () => Promise<Blob | undefined>;
}) {
  const [table, setTable] = useState(false);
  const item = 'hover:bg-hover flex h-9 w-full items-center rounded-md px-2 text-left text-sm';
  const actions: [string, () => void][] = [
    ['Values as a table', () => setTable(true)],
    [
      'Download as CSV',
      () => saveFile(`${fileName(subject, title)}.csv`, new Blob([csvOf(series)], { type: 'text/csv' })),
    ],
    [
      'Download as PNG',
      () => void picture().then((blob) => blob && saveFile(`${fileName(subject, title)}.png`, blob)),
    ],
  ];
  return (
    <>
      <Disclosure
        label={`Take from ${title}`}
        className="text-muted hover:bg-hover hover:text-text -my-1 inline-flex size-7 items-center justify-center rounded-md max-sm:size-11"
        button={<EllipsisVertical size={16} aria-hidden />}
      >
        {(close) =>
          actions.map(([label, act]) => (
            <button
              key={label}
              type="button"
              className={item}
              onClick={() => {
                close();
                act();
              }}
            >
              {label}
            </button>
          ))
        }
      </Disclosure>
      {table && (
        <Dialog title={`${title} of ${subject}`} onClose={() => setTable(false)} reading>
          <Values series={series} format={format} />
        </Dialog>
      )}
    </>
  );
}

function Values({ series, format }: { series: readonly Series[]; format: Format }) {
  const columns = series.map((s) => new Map(s.points.map((p) => [p.timestamp, p.value])));
  const times = [...new Set(columns.flatMap((c) => [...c.keys()]))].sort((a, b) => b - a);
  return (
    <div className="overflow-x-auto">
      <table className="num w-full text-sm whitespace-nowrap">
        <thead className="text-muted text-left text-xs">
          <tr>
            <th scope="col" className="pr-4 font-medium">
              Time
            </th>
            {series.map((s) => (
              <th key={s.label} scope="col" className="px-2 text-right font-medium">
                {s.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.slice(0, most).map((t) => (
            <tr key={t}>
              <th scope="row" className="pr-4 text-left font-normal">
                {dateTime(t)}
              </th>
              {columns.map((c, i) => (
                <td key={i} className="px-2 text-right">
                  {show(c.get(t), format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {times.length > most && (
        <p className="text-muted mt-2 text-xs">
          The newest {most} of {times.length}; the CSV file has all.
        </p>
      )}
    </div>
  );
}
