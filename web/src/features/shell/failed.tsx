import { Link, useRouter } from '@tanstack/react-router';
import { queries } from '@/app.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Empty } from '@/ui/message.tsx';

/** What shows when a page cannot be loaded at all. */
export function Failed({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <main className="mx-auto flex min-h-full max-w-lg flex-col justify-center gap-4 p-4">
      <h1 className="text-xl font-semibold">Pulse</h1>
      <ApiProblem
        title="This page could not be loaded."
        error={error}
        retry={() => {
          void queries.resetQueries();
          void router.invalidate();
        }}
      />
    </main>
  );
}

export function NotFound() {
  return (
    <div className="mx-auto max-w-lg p-4 pt-16">
      <Empty title="There is no such page">
        <Link to="/" className="text-accent underline">
          Go to the overview
        </Link>
      </Empty>
    </div>
  );
}
