import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { within, type Span } from '@/charts/span.ts';

/** Returns what shows a part of the time axis, or the whole range again. Each part is a step that the browser's Back undoes. */
export function useShowPart(): (part: Span | undefined) => void {
  const navigate = useNavigate({ from: '/r/$id' });
  return useCallback(
    (part) => {
      const [from, to] = part ? within(part, Date.now() / 1000).map((s) => String(Math.round(s * 1000))) : [];
      void navigate({ search: (s) => ({ ...s, from, to }) });
    },
    [navigate],
  );
}
