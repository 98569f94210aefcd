import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { resourceNews } from '@/api/queries.ts';
import type { Answer } from '@/api/types.ts';
import { at } from '@/catalog/path.ts';
import type { Format } from '@/format/value.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { ListTable } from '@/parts/list-table.tsx';
import { Ago } from '@/parts/times.tsx';

type RowList = Answer<'/api/v2/resources/{id}/rows'>['lists'][number];

const first = 10;

/** The lists of rows that belong to a resource or are about it, as its plugins declare them. */
export function RowLists({ id }: { id: string }) {
  const query = useQuery(resourceNews(id).lists);
  if (query.isError && !query.data) {
    return <PartProblem title="The lists could not be loaded." query={query} />;
  }
  return query.data
    ?.filter((l) => l.total > 0 || l.staleReason)
    .map((l) => <RowTable key={l.name} id={id} list={l} />);
}

function RowTable({ id, list }: { id: string; list: RowList }) {
  const [limit, setLimit] = useState(first);
  const answer = useQuery({ ...resourceNews(id).rows(list.name, limit), placeholderData: (old) => old });
  if (answer.isError && !answer.data) {
    return (
      <ApiProblem
        title={`${list.label} could not be loaded.`}
        error={answer.error}
        retry={() => void answer.refetch()}
      />
    );
  }
  const rows = answer.data?.rows ?? [];
  const total = answer.data?.total ?? list.total;
  const columns = list.columns.map((c) => ({
    key: c.name,
    label: c.label,
    format: c.format as Format,
    path: c.path,
  }));
  return (
    <ListTable
      list={{
        key: `rows-${list.name}`,
        title: list.label,
        total,
        columns,
        rows: rows.map((r) => {
          const data = r.data as Record<string, unknown>;
          return Object.fromEntries(columns.map((c) => [c.key, at(data, c.path)]));
        }),
      }}
      leads={rows.map((r) => r.leads)}
      note={
        list.staleReason && (
          <p className="hatched border-line border-b px-3 py-1.5 text-sm" role="status">
            Not fresh
            {list.staleSince && (
              <>
                {' '}
                since <Ago at={list.staleSince} />
              </>
            )}
            : {list.staleReason}
          </p>
        )
      }
      footer={
        answer.data !== undefined &&
        total > rows.length && (
          <Button small busy={answer.isFetching} onClick={() => setLimit((n) => Math.min(n * 5, 1000))}>
            Show more of {total}
          </Button>
        )
      }
    />
  );
}
