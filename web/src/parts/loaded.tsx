import { useState, type ReactNode } from 'react';
import { ApiError } from '@/api/client.ts';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem, reason } from './api-problem.tsx';
import { TableSkeleton } from './table-skeleton.tsx';
import { Ago } from './times.tsx';

/** What a view knows of what it asked for. */
interface Query<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

/**
 * What was asked for, once it is there; before that the shape of it, or why it does not come. What is there stays when
 * asking again fails or the connection is lost, and says of when it is.
 */
export function Loaded<T>({
  query,
  failed,
  skeleton = <TableSkeleton />,
  children,
}: {
  query: Query<T>;
  /** What is said when it does not come: “The tokens could not be loaded.” */
  failed: string;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  // While it is tried again, also by itself, the reason of before stays in its place.
  const [failure, setFailure] = useState<unknown>();
  if (query.error && query.error !== failure) setFailure(query.error);
  if (query.data !== undefined) {
    return (
      <>
        <OfWhen query={query} />
        {children(query.data)}
      </>
    );
  }
  const error = query.error ?? failure;
  if (!error) return skeleton;
  return (
    <ApiProblem title={failed} error={error} busy={query.isPending} retry={() => void query.refetch()} />
  );
}

/** Of when something is, when it may not be as new as it could be. */
export function OfWhen({ query }: { query: Query<unknown> }) {
  const lost = useLive((l) => l.connection.phase === 'lost');
  if (!lost && !query.error) return null;
  // That nothing answers at all is said by the banner, once for the page.
  const why = query.error instanceof ApiError && query.error.status > 0 ? reason(query.error) : '';
  return (
    <p className="text-muted text-sm" role="status">
      As of <Ago at={query.dataUpdatedAt} />
      {why && `; asking again failed: ${why}`}
    </p>
  );
}
