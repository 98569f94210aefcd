import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { protection, users } from '@/api/access.ts';
import { securityStatus, tokens } from '@/api/queries.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { OfWhen } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { posture } from './posture.ts';
import { Certificate, Recovery } from './protection.tsx';
import { Section } from './section.tsx';

/** How the server is protected, and what to improve. */
export function Security() {
  const status = useQuery(securityStatus);
  const people = useQuery(users);
  const keys = useQuery(tokens);
  const server = useQuery(protection);
  const now = useNow();
  const failed = [status, people, keys, server].find((q) => q.isError && q.data === undefined);
  if (failed) {
    return (
      <Section title="Security">
        <ApiProblem
          title="How the server is protected could not be loaded."
          error={failed.error}
          retry={() => void failed.refetch()}
        />
      </Section>
    );
  }
  if (!status.data || !people.data || !keys.data || !server.data) {
    return (
      <Section title="Security">
        <TableSkeleton rows={5} />
      </Section>
    );
  }
  const findings = posture(status.data, server.data, people.data, keys.data, now);
  const open = findings.filter((f) => !f.well).length;
  return (
    <div className="flex flex-col gap-8">
      <Section
        title="Security"
        lead={
          open === 0 ? 'Nothing here needs work.' : `${open} of ${findings.length} things can be improved.`
        }
      >
        <OfWhen query={people} />
        <ul className="bg-surface border-line rounded-lg border" aria-label="Findings">
          {findings.map((f) => (
            <li
              key={f.id}
              className="border-line flex items-start gap-3 border-b px-3 py-2.5 last:border-b-0"
            >
              {f.well ? (
                <CircleCheck size={18} className="text-accent mt-0.5 shrink-0" aria-label="Well" />
              ) : (
                <TriangleAlert size={18} className="text-degraded mt-0.5 shrink-0" aria-label="To improve" />
              )}
              <div className="min-w-0 flex-1">
                <p className="text-sm font-medium break-words">{f.title}</p>
                <p className="text-muted text-xs">{f.text}</p>
              </div>
              {!f.well && f.to && (
                <Link
                  to={f.to}
                  {...(f.hash !== undefined && { hash: f.hash })}
                  className="text-accent text-sm underline"
                  aria-label={`Open: ${f.title}`}
                >
                  Open
                </Link>
              )}
            </li>
          ))}
        </ul>
      </Section>
      <Certificate server={server.data} https={status.data.hasHTTPS} />
      <Recovery server={server.data} />
    </div>
  );
}
