import { queryOptions } from '@tanstack/react-query';
import { growthOf, type Growth } from '@/catalog/growth.ts';
import { call } from './client.ts';
import type { Answer, Body } from './types.ts';

/** A series to look at: a metric of a resource, by their names on the wire. */
export interface Grown {
  id: string;
  metric: string;
}

/** As many series as one question may name, and as many as are asked for in all. */
const atOnce = 100;
const most = 500;

/** How series have grown over the last week, by the resource's id; what is too young is not there. */
export function growth(series: readonly Grown[]) {
  const all = series.slice(0, most);
  return queryOptions({
    queryKey: ['growth', all.map((s) => `${s.metric} ${s.id}`).join('\n')],
    queryFn: async ({ signal }) => {
      const found = new Map<string, Growth>();
      for (let from = 0; from < all.length; from += atOnce) {
        const some = all.slice(from, from + atOnce);
        const body: Body<'/api/v2/metrics/series'> = { series: [...some], range: '7d', maxPoints: 84 };
        const answer = await call<Answer<'/api/v2/metrics/series', 'post'>>('api/v2/metrics/series', {
          method: 'POST',
          body,
          signal,
        });
        for (const s of answer.series) {
          const id = some[s.of]?.id;
          const grown = growthOf(s.points.map((p) => [p.timestamp, p.value] as const));
          if (id !== undefined && grown) found.set(id, grown);
        }
      }
      return found;
    },
    staleTime: 1_800_000,
    enabled: all.length > 0,
  });
}
