import { useNavigate } from '@tanstack/react-router';
import { Minimize2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cx } from '@/ui/cx.ts';

/** How long the way out shows after somebody moved, in milliseconds. */
const shownFor = 3_000;

/** The way out of the kiosk: it shows while somebody is there, and not on the wall. */
export function LeaveKiosk() {
  const navigate = useNavigate();
  const [somebody, setSomebody] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const moved = () => {
      setSomebody(true);
      clearTimeout(timer);
      timer = setTimeout(() => setSomebody(false), shownFor);
    };
    const events = ['pointermove', 'pointerdown', 'keydown'] as const;
    for (const e of events) addEventListener(e, moved);
    return () => {
      clearTimeout(timer);
      for (const e of events) removeEventListener(e, moved);
    };
  }, []);
  return (
    <button
      type="button"
      onClick={() => void navigate({ to: '.', search: (s) => ({ ...s, kiosk: undefined }) })}
      className={cx(
        'bg-raised border-line shadow-pop fixed right-3 bottom-3 z-40 flex h-9 items-center gap-2 rounded-md border px-3 text-sm focus-visible:visible',
        !somebody && 'invisible',
      )}
    >
      <Minimize2 size={16} aria-hidden /> Leave the kiosk
    </button>
  );
}
