import { Skeleton } from '@/ui/message.tsx';

/** Rows where rows will be. */
export function TableSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="bg-surface border-line rounded-lg border" aria-busy role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="border-line flex h-10 items-center gap-6 border-b px-3 last:border-b-0">
          <Skeleton className="h-3 w-40" />
          <Skeleton className="h-3 w-16" />
          <Skeleton className="h-3 w-24 max-sm:hidden" />
          <Skeleton className="h-3 w-24 max-md:hidden" />
          <Skeleton className="h-3 w-24 max-lg:hidden" />
        </div>
      ))}
    </div>
  );
}

/** Fields where fields will be. */
export function FormSkeleton({ fields = 3 }: { fields?: number }) {
  return (
    <div className="flex max-w-md flex-col gap-5" aria-busy role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: fields }, (_, i) => (
        <div key={i} className="flex flex-col gap-1.5">
          <Skeleton className="h-3 w-32" />
          <Skeleton className="h-9 w-full" />
        </div>
      ))}
    </div>
  );
}
