import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Finding } from '@/api/queries.ts';
import { Button } from '@/ui/button.tsx';
import { Mark } from './mark.tsx';
import { Ago } from './times.tsx';
import { Whose } from './whose.tsx';

const first = 8;

/** What plugins say is wrong, the most severe first. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? findings : findings.slice(0, first);
  return (
    <section aria-labelledby="findings" className="flex flex-col gap-2">
      <h2 id="findings" className="font-semibold">
        What is wrong <span className="num text-muted text-sm font-normal">{findings.length}</span>
      </h2>
      <ul className="bg-surface border-line rounded-lg border">
        {shown.map((f) => (
          <li
            key={`${f.resourceId} ${f.kind} ${f.instance ?? ''}`}
            className="border-line flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b px-3 py-2 text-sm last:border-b-0"
          >
            <Mark status={f.severity === 'critical' ? 'down' : 'degraded'} />
            <span className="text-muted w-16 text-xs">{f.severity}</span>
            <Link
              to="/r/$id"
              params={{ id: f.stateId }}
              className="font-medium wrap-anywhere hover:underline"
            >
              {f.resourceName}
            </Link>
            <Whose id={f.stateId} />
            <span className="min-w-0 flex-1 basis-64 wrap-anywhere">
              {f.message || f.label}
              {f.instance && <span className="text-muted"> · {f.instance}</span>}
            </span>
            <Ago at={f.since} className="text-muted" />
          </li>
        ))}
      </ul>
      {findings.length > shown.length && (
        <div>
          <Button small onClick={() => setAll(true)}>
            Show all {findings.length}
          </Button>
        </div>
      )}
    </section>
  );
}
