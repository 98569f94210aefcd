import { ApiError } from '@/api/client.ts';
import { ApiProblem } from './api-problem.tsx';

/** What a part of a page knows of its query. */
export interface Asked {
  error: unknown;
  data: unknown;
  refetch: () => unknown;
}

/**
 * Says that a part of a page could not be loaded, in its place. What came before stays and is not called into question, and
 * that the server does not answer at all is said by the banner, once for the page.
 */
export function PartProblem({ title, query }: { title: string; query: Asked }) {
  const { error } = query;
  if (!error || query.data !== undefined || (error instanceof ApiError && error.status === 0)) return null;
  return <ApiProblem title={title} error={error} retry={() => void query.refetch()} />;
}
