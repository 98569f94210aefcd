import { X } from 'lucide-react';
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { IconButton } from './button.tsx';

const field = 'input:enabled:not([hidden], [type=hidden]), select:enabled, textarea:enabled';

/** Where the keyboard begins: the first field of a form, else the first thing that can be pressed, which keeps what is. */
function firstOf(content: HTMLElement | null): HTMLElement | null | undefined {
  if (content?.matches('[tabindex]')) return content;
  const form = content?.firstElementChild?.matches('form');
  return content?.querySelector<HTMLElement>(form ? field : `a[href], button:enabled, ${field}`);
}

/** A modal dialog on the browser's own element: focus, Escape and the inert page behind come with it. */
export function Dialog({
  title,
  onClose,
  children,
  reading,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** It holds nothing but text: the keyboard reaches it to scroll. */
  reading?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const id = useId();
  // Closed before it leaves the page, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      firstOf(content.current)?.focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      className="bg-raised border-line shadow-pop m-auto w-[min(36rem,calc(100vw-2rem))] rounded-lg border p-0"
    >
      <div className="border-line flex items-center justify-between border-b py-2 pr-2 pl-4">
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      <div ref={content} tabIndex={reading ? 0 : undefined} className="max-h-[75vh] overflow-y-auto p-4">
        {children}
      </div>
    </dialog>
  );
}
