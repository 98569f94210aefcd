import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { History } from '@/api/types.ts';
import { numbers, type Range, type Window } from '@/api/queries.ts';
import { comparedWith } from '@/charts/earlier.ts';
import type { Other } from '@/charts/overlay.ts';
import { chartsOf } from '@/charts/series.ts';
import { narrowest } from '@/charts/span.ts';
import { useOverlay } from './overlay.ts';
import { defaultRange } from './range.tsx';

/** Points per line: more than a plot has pixels would be work for nothing. */
const points = 400;

/** The part that the address asks for; undefined when it asks for none that there can be. */
function useWindow(): Window | undefined {
  const { from, to } = useSearch({ from: '/shell/r/$id' });
  return useMemo(() => {
    const part = { from: Number(from), to: Number(to) };
    const wide = part.to - part.from >= narrowest * 1000;
    return from !== undefined && to !== undefined && wide ? part : undefined;
  }, [from, to]);
}

/** The numbers that the address asks for, and those of another time when it compares with one. */
export function useHistories(id: string, kind: string) {
  const { range = defaultRange, compare = '' } = useSearch({ from: '/shell/r/$id' });
  const part = useWindow();
  // The picture of before stays while another part loads.
  const now = useQuery({ ...numbers(kind, id, part ?? range, points), placeholderData: keepPreviousData });
  const { start = 0, end = 0 } = now.data ?? {};
  const earlier = useMemo(() => comparedWith(compare, { from: start, to: end }), [compare, start, end]);
  const wanted = earlier !== undefined && now.data !== undefined && !now.isPlaceholderData;
  const before = useQuery({
    ...numbers(kind, id, earlier ?? { from: 0, to: 0 }, points),
    enabled: wanted,
    placeholderData: keepPreviousData,
  });
  return { part, when: part ?? range, now, before, compared: wanted ? before.data : undefined };
}

type Answer = Pick<UseQueryResult<History>, 'data' | 'error'>;

function answersOf(results: readonly UseQueryResult<History>[]): Answer[] {
  return results.map(({ data, error }) => ({ data, error }));
}

/** The charts of the resources whose lines are laid over, and those of which they did not come. */
export function useOthers(when: Range | Window) {
  const { chosen } = useOverlay();
  const answers = useQueries({
    queries: chosen.map(({ id, type }) => ({
      ...numbers(type.historyType, id, when, points),
      placeholderData: (before: History | undefined) => before,
    })),
    combine: answersOf,
  });
  return useMemo(() => {
    const all = chosen.map((c, i) => ({ ...c, ...answers[i] }));
    return {
      others: all.flatMap(({ name, type, data }): Other[] =>
        data ? [{ name, charts: chartsOf(type.metrics, data) }] : [],
      ),
      failed: all.filter((one) => one.error),
    };
  }, [chosen, answers]);
}
