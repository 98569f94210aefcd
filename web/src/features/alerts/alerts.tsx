import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { BellOff } from 'lucide-react';
import { activate, alertConfig } from '@/api/alerts.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Denied } from '@/parts/denied.tsx';
import { useMay, usePlaces } from '@/parts/may.ts';
import { Page } from '@/parts/page.tsx';
import { PlaceMenu } from '@/parts/place-menu.tsx';
import { alertPages } from '@/parts/places.ts';
import { Button } from '@/ui/button.tsx';

/** The frame of the pages about alerts. */
export function Alerts() {
  const { shown, lacks, path, label } = usePlaces(alertPages);
  return (
    <Page title="Alerts" within={label}>
      <PlaceMenu label="Alerts" pages={shown} path={path} className="border-line border-b pb-2" />
      <Activation />
      {lacks ? <Denied need={lacks} /> : <Outlet />}
    </Page>
  );
}

/** Says that nobody is told yet, and how to change that. */
function Activation() {
  const client = useQueryClient();
  const config = useQuery(alertConfig);
  const may = useMay();
  const start = useMutation({
    mutationFn: activate,
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  if (!config.data) return null;
  if (config.data.enabled && config.data.activationState === 'active') return null;
  return (
    <section
      aria-label="Activation"
      className="bg-surface border-line flex flex-wrap items-center gap-3 rounded-lg border px-3 py-2.5"
    >
      <BellOff size={18} aria-hidden className="text-muted" strokeWidth={1.75} />
      <p className="min-w-0 flex-1 basis-64 text-sm">
        {config.data.enabled
          ? 'Alerts are shown here and told to nobody yet. Look at what fires, set up a channel, then activate them.'
          : 'Alerts are turned off: nothing is judged.'}
      </p>
      {config.data.enabled && may('write:alerts') && (
        <Button look="primary" busy={start.isPending} onClick={() => start.mutate()}>
          Activate
        </Button>
      )}
      {start.isError && <ApiProblem title="They were not activated." error={start.error} />}
    </section>
  );
}
