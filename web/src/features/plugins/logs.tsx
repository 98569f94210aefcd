import { useEffect, useRef, useState } from 'react';
import { logs, type LogLine } from '@/api/plugins.ts';
import { exactTime } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { cx } from '@/ui/cx.ts';

/** How many lines are kept on the page, and how long to wait after a failure. */
const most = 500;
const pause = 3_000;

/** Follows what a plugin writes for as long as it is shown. */
function useLines(kind: string): { lines: LogLine[] | undefined; error: unknown } {
  const [lines, setLines] = useState<LogLine[]>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const end = new AbortController();
    const ended = () => end.signal.aborted;
    let after = 0;
    async function follow() {
      while (!ended()) {
        try {
          const answer = await logs(kind, after, end.signal);
          after = answer.next;
          setError(undefined);
          setLines((before = []) => [...before, ...answer.lines].slice(-most));
          if (after === 0) await rest(end.signal);
        } catch (cause) {
          if (ended()) return;
          setError(cause);
          await rest(end.signal);
        }
      }
    }
    void follow();
    return () => end.abort();
  }, [kind]);
  return { lines, error };
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pause);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const looks: Record<string, string> = { error: 'text-down', warn: 'text-degraded' };

/** The last lines of a plugin, live. It stays at the end unless one scrolled up to read. */
export function Logs({ kind }: { kind: string }) {
  const { lines, error } = useLines(kind);
  const place = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = place.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <section aria-label="Log" className="flex min-w-0 flex-col gap-2">
      <h2 className="font-semibold">Log</h2>
      {error !== undefined && <ApiProblem title="The log could not be loaded." error={error} />}
      <div
        ref={place}
        tabIndex={0}
        role="log"
        aria-label="What the plugin wrote"
        onScroll={(e) => {
          const el = e.currentTarget;
          atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < 24;
        }}
        className="bg-surface border-line max-h-96 min-h-24 overflow-auto rounded-lg border p-3 font-mono text-xs"
      >
        {lines?.length === 0 && (
          <p className="text-muted">It has written nothing since the server started.</p>
        )}
        {lines?.map((l) => (
          <p key={l.seq} className="flex gap-3 py-px">
            <time className="text-muted num shrink-0" title={exactTime(l.time)}>
              {new Date(l.time).toLocaleTimeString(undefined, { hourCycle: 'h23' })}
            </time>
            <span className={cx('min-w-0 break-words whitespace-pre-wrap', looks[l.level ?? ''])}>
              {l.text}
              {Object.entries(l.fields ?? {}).map(([k, v]) => (
                <span key={k} className="text-muted">
                  {' '}
                  {k}={v}
                </span>
              ))}
            </span>
          </p>
        ))}
      </div>
    </section>
  );
}
