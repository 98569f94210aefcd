import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { cancelCopy, startCopy, storeCopy, type StoreCopy, type StoreSettings } from '@/api/metrics.ts';
import { number } from '@/format/number.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Select } from '@/ui/select.tsx';
import { Progress } from '@/ui/progress.tsx';
import { Section } from './section.tsx';

type Store = 'embedded' | 'influxdb';

/** Carries the history over from one store to the other. */
export function CopyHistory({ known }: { known: StoreSettings }) {
  const client = useQueryClient();
  const copy = useQuery(storeCopy);
  const [from, setFrom] = useState<Store>(known.store === 'influxdb' ? 'influxdb' : 'embedded');
  const to: Store = from === 'embedded' ? 'influxdb' : 'embedded';
  const told = (state: StoreCopy) => client.setQueryData(storeCopy.queryKey, state);
  const start = useMutation({ mutationFn: () => startCopy({ from, to }), onSuccess: told });
  const cancel = useMutation({ mutationFn: cancelCopy, onSuccess: told });
  const influx = (known.values as Record<string, unknown> | null)?.influxdb;
  return (
    <Section
      title="Carry history over"
      lead="Copies everything from one store to the other while Pulse goes on. What is there already stays; a copy that is cut short goes on where it ended."
    >
      {influx === undefined ? (
        <p className="text-muted text-sm">Enter an InfluxDB above and save it first.</p>
      ) : (
        <div className="flex max-w-xl flex-col gap-3">
          <Select
            label="Direction"
            value={from}
            disabled={copy.data?.running}
            onChange={(e) => setFrom(e.target.value as Store)}
          >
            <option value="embedded">From embedded to InfluxDB</option>
            <option value="influxdb">From InfluxDB to embedded</option>
          </Select>
          {copy.data && <CopyProgress copy={copy.data} />}
          {start.isError && <ApiProblem title="The copy was not started." error={start.error} />}
          <div className="flex gap-3">
            {copy.data?.running ? (
              <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
                Cancel
              </Button>
            ) : (
              <Button busy={start.isPending} onClick={() => start.mutate()}>
                Start copying
              </Button>
            )}
          </div>
        </div>
      )}
    </Section>
  );
}

function CopyProgress({ copy }: { copy: StoreCopy }) {
  if (!copy.running && !copy.done && !copy.error) return null;
  const begun = copy.of > 0 ? copy.series / copy.of : 0;
  const share = copy.done ? 1 : Math.max((copy.tier - 1 + begun) / (copy.tiers || 1), 0);
  return (
    <div className="flex flex-col gap-1 text-sm" role="status">
      <Progress label="Copied" share={share} />
      <p className={copy.error ? 'text-down' : 'text-muted'}>
        {copy.error ??
          (copy.done
            ? `Done: ${number(copy.points)} points from ${copy.from} to ${copy.to}.`
            : `Tier ${copy.tier} of ${copy.tiers}: ${number(copy.series)} of ${number(copy.of)} series, ${number(copy.points)} points.`)}
      </p>
    </div>
  );
}
