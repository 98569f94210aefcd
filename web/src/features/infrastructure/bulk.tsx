import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { BellOff, Check, Tag, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { acknowledgeAll, saveWindow } from '@/api/alerts.ts';
import { useLive } from '@/live/hooks.ts';
import { fullName } from '@/live/namesakes.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useMay } from '@/parts/may.ts';
import { ReportButton } from '@/parts/report.tsx';
import { Button, IconButton } from '@/ui/button.tsx';
import { Tagging } from './tagging.tsx';

/** For how long a press quietens, in hours. */
const quiet = 2;

/** The first names of a list, and how many there are besides. */
function namesText(names: readonly string[]): string {
  const first = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${first} and ${names.length - 3} more` : first;
}

/** What can be done with the rows that are chosen; each button says with how much. */
export function BulkBar({ chosen, onDone }: { chosen: ReadonlySet<string>; onDone: () => void }) {
  const client = useQueryClient();
  const byId = useLive((l) => l.byId);
  const alerts = useLive((l) => l.alerts);
  const may = useMay();
  const [tagging, setTagging] = useState(false);
  const names = useMemo(() => [...chosen].map((id) => fullName(byId, id)), [chosen, byId]);
  const open = alerts.filter((a) => chosen.has(a.resourceId) && !a.acknowledged).map((a) => a.id);
  const work = useMutation({
    mutationFn: (does: { act: () => Promise<void>; told: string }) => does.act(),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  const mute = () =>
    saveWindow({
      name: namesText(names),
      match: { ids: [...chosen] },
      to: new Date(Date.now() + quiet * 3_600_000).toISOString(),
    });
  return (
    <section
      aria-label="What to do with the selected rows"
      className="border-line bg-surface sticky top-2 z-20 flex flex-col gap-2 rounded-lg border px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-sm font-medium" role="status" title={names.join(', ')}>
          {names.length === 1 ? names[0] : `${names.length} selected`}
        </span>
        {may('write:alerts') && (
          <>
            <Button
              small
              busy={work.isPending}
              onClick={() =>
                work.mutate({ act: mute, told: `Alerts are told to nobody for ${quiet} hours.` })
              }
              title="Their alerts are shown and told to nobody"
            >
              <BellOff size={14} aria-hidden /> Mute for {quiet} h
            </Button>
            <Button
              small
              busy={work.isPending}
              disabled={open.length === 0}
              onClick={() => work.mutate({ act: () => acknowledgeAll(open), told: 'Acknowledged.' })}
            >
              <Check size={14} aria-hidden /> Acknowledge{' '}
              {open.length === 1 ? '1 alert' : `${open.length} alerts`}
            </Button>
          </>
        )}
        {may('write:nodes') && (
          <Button small aria-expanded={tagging} onClick={() => setTagging(!tagging)}>
            <Tag size={14} aria-hidden /> Tag…
          </Button>
        )}
        <ReportButton small resources={[...chosen].flatMap((id) => byId.get(id) ?? [])} />
        <IconButton label="Select nothing" onClick={onDone} className="ml-auto">
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      {tagging && <Tagging resources={[...chosen].flatMap((id) => byId.get(id) ?? [])} />}
      {work.isSuccess && (
        <p className="text-muted text-sm" role="status">
          {work.variables.told}{' '}
          <Link to="/alerts/quiet" className="text-accent underline">
            Maintenance windows
          </Link>
        </p>
      )}
      {work.isError && <ApiProblem title="It was not done." error={work.error} />}
    </section>
  );
}
