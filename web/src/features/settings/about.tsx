import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { health, version } from '@/api/queries.ts';
import { duration } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Skeleton } from '@/ui/message.tsx';
import { Section } from './section.tsx';

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted">{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

/** What runs here. */
export function About() {
  const v = useQuery(version);
  const h = useQuery(health);
  return (
    <Section title="About" lead="Pulse watches machines and what runs on them, and tells you what is wrong.">
      {v.isPending ? (
        <Skeleton className="h-24 w-72" />
      ) : v.data === undefined ? (
        <ApiProblem title="The version is not known." error={v.error} retry={() => void v.refetch()} />
      ) : (
        <dl className="grid max-w-md grid-cols-[8rem_1fr] gap-y-1.5 text-sm">
          <Line label="Version">{v.data.version}</Line>
          {v.data.channel && <Line label="Channel">{v.data.channel}</Line>}
          {v.data.build && <Line label="Build">{v.data.build}</Line>}
          {v.data.goVersion && <Line label="Go">{v.data.goVersion}</Line>}
          {v.data.deploymentType && <Line label="Runs as">{v.data.deploymentType}</Line>}
          {h.data && <Line label="Up for">{duration(h.data.uptime)}</Line>}
          <Line label="Licence">MIT</Line>
          <Line label="API">
            <a href="api/openapi.json" className="text-accent underline">
              OpenAPI description
            </a>
          </Line>
        </dl>
      )}
    </Section>
  );
}
