import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { health, version } from '@/api/queries.ts';
import { duration } from '@/format/time.ts';
import { Loaded } from '@/parts/loaded.tsx';
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
      <Loaded query={v} failed="The version is not known." skeleton={<Skeleton className="h-24 w-72" />}>
        {(known) => (
          <dl className="grid max-w-md grid-cols-[8rem_1fr] gap-y-1.5 text-sm">
            <Line label="Version">{known.version}</Line>
            {known.channel && <Line label="Channel">{known.channel}</Line>}
            {known.build && <Line label="Build">{known.build}</Line>}
            {known.goVersion && <Line label="Go">{known.goVersion}</Line>}
            {known.deploymentType && <Line label="Runs as">{known.deploymentType}</Line>}
            {h.data && (
              <Line label="Up for">
                <span data-volatile>{duration(h.data.uptime)}</span>
              </Line>
            )}
            <Line label="Licence">MIT</Line>
            <Line label="API">
              <a href="api/openapi.json" className="text-accent underline">
                OpenAPI description
              </a>
            </Line>
          </dl>
        )}
      </Loaded>
    </Section>
  );
}
