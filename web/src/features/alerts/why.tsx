import { useQuery } from '@tanstack/react-query';
import { why, type Alert } from '@/api/alerts.ts';
import { duration, exactTime, timeOfDay } from '@/format/time.ts';
import { useLive } from '@/live/hooks.ts';
import { about, sentence } from './rule.ts';

/** Which rules judge what an alert is about, which one decides, and what the last numbers were judged to be. */
export function Why({ alert: a }: { alert: Alert }) {
  const catalog = useLive((l) => l.catalog);
  const found = useQuery({
    ...why(a.resourceUid ?? a.resourceId, a.kind ?? '', a.metadata?.instance?.toString() ?? ''),
    enabled: a.kind !== undefined && a.kind !== 'integration',
  });
  const w = found.data;
  if (!w) return null;
  const shown = (v: number) =>
    w.unit === 's' ? duration(v) : `${Math.round(v * 10) / 10}${w.unit ? ` ${w.unit}` : ''}`;
  return (
    <section aria-labelledby="why" className="flex min-w-0 flex-col gap-2">
      <h3 id="why" className="font-semibold">
        Why
      </h3>
      <p className="text-sm">
        {!w.judged
          ? 'It is not judged any more.'
          : w.trigger === undefined || w.trigger === null
            ? w.for > 0
              ? `It fires when it has lasted ${duration(w.for)}.`
              : 'Its source reports it, and no rule says otherwise: it fires at once, and ends when the source reports that all is well.'
            : `It fires ${w.below ? 'at or under' : 'at or over'} ${shown(w.trigger)}${w.for > 0 ? ` for ${duration(w.for)}` : ''}${
                w.clear === undefined || w.clear === null ? '' : ` and ends at ${shown(w.clear)}`
              }.`}
        {w.quiet && ` Nobody is told: ${w.quiet}.`}
      </p>
      {w.rules.length > 0 && (
        <ol className="bg-surface border-line rounded-lg border" aria-label="Rules that match">
          {w.rules.map((r, i) => (
            <li
              key={`${r.id} ${i}`}
              className="border-line flex flex-wrap gap-x-3 border-b px-3 py-1.5 text-sm last:border-b-0"
            >
              <span className={r.id === w.decides ? 'font-medium' : 'text-muted'}>{r.name || r.id}</span>
              <span className="text-muted">{about(r, catalog)}</span>
              <span className="text-muted">{sentence(r, catalog)}</span>
              {r.id === w.decides && <span className="text-accent ml-auto text-xs">decides</span>}
            </li>
          ))}
        </ol>
      )}
      {w.evaluations.length > 0 && (
        <ol className="flex flex-wrap gap-1" aria-label="Last numbers">
          {w.evaluations.map((e) => (
            <li
              key={e.time}
              title={exactTime(Date.parse(e.time))}
              className={`num border-line rounded border px-1.5 py-0.5 text-xs ${
                e.severity === 'critical' ? 'text-down' : e.severity ? 'text-degraded' : 'text-muted'
              }`}
            >
              {timeOfDay(Date.parse(e.time))} {shown(e.value)}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
