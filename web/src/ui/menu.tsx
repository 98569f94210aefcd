import { useEffect, useRef, useState, type ReactNode } from 'react';
import { cx } from './cx.ts';

/** A button that opens a small panel; Escape, a click elsewhere and leaving it with the keyboard close it. */
export function Disclosure({
  label,
  button,
  children,
  up,
  end,
  className,
}: {
  label: string;
  button: ReactNode;
  children: (close: () => void) => ReactNode;
  /** Opens upwards. */
  up?: boolean;
  /** Opens towards the left, for a button at the right edge. What opens downwards always does. */
  end?: boolean;
  className?: string;
}) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const outside = (e: Event) => {
      if (e.target instanceof Node && !ref.current?.contains(e.target)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
    };
  }, [open]);

  return (
    <div
      ref={ref}
      className="relative"
      onKeyDown={(e) => {
        if (e.key !== 'Escape' || !open) return;
        setOpen(false);
        trigger.current?.focus();
      }}
    >
      <button
        ref={trigger}
        type="button"
        aria-label={label}
        aria-expanded={open}
        title={label}
        onClick={() => setOpen(!open)}
        className={className}
      >
        {button}
      </button>
      {open && (
        <div
          className={cx(
            'bg-raised border-line shadow-pop absolute z-30 min-w-48 rounded-lg border p-1',
            up ? 'bottom-full mb-1' : 'top-full mt-1',
            up && !end ? 'left-0' : 'right-0',
          )}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
