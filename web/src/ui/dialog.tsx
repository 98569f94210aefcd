import { X } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { Button, IconButton } from './button.tsx';

const field = 'input:enabled:not([hidden], [type=hidden]), select:enabled, textarea:enabled';

/** Where the keyboard begins: the first field of a form, else the first thing that can be pressed, which keeps what is. */
function firstOf(content: HTMLElement | null): HTMLElement | null | undefined {
  if (content?.matches('[tabindex]')) return content;
  const form = content?.firstElementChild?.matches('form');
  return content?.querySelector<HTMLElement>(form ? field : `a[href], button:enabled, ${field}`);
}

/**
 * Brings the keyboard to the next step of a dialog. What had the focus goes when a step ends, and the browser then forgets where
 * in the page somebody was.
 */
function useFocusKept(content: RefObject<HTMLElement | null>) {
  useEffect(() => {
    const box = content.current;
    if (!box) return;
    let last: Element | null = null;
    const watch = new MutationObserver(() => {
      const active = document.activeElement;
      if (active && box.contains(active)) last = active;
      else if (active === document.body && last && !last.isConnected) firstOf(box)?.focus();
    });
    const note = () => (last = document.activeElement);
    box.addEventListener('focusin', note);
    watch.observe(box, { childList: true, subtree: true });
    return () => {
      watch.disconnect();
      box.removeEventListener('focusin', note);
    };
  }, [content]);
}

/** A modal dialog on the browser's own element: focus, Escape and the inert page behind come with it. */
export function Dialog({
  title,
  onClose,
  children,
  reading,
  careful = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** It holds nothing but text: the keyboard reaches it to scroll. */
  reading?: boolean;
  /** What was entered is not thrown away by Escape or the cross before it was asked. */
  careful?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const id = useId();
  const entered = useRef(false);
  const [asking, setAsking] = useState(false);
  const leave = () => {
    if (careful && entered.current) setAsking(true);
    else onClose();
  };
  useFocusKept(content);
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
        if (asking) setAsking(false);
        else leave();
      }}
      className="bg-raised border-line shadow-pop m-auto w-[min(36rem,calc(100vw-2rem))] rounded-lg border p-0"
    >
      <div className="border-line flex items-center justify-between border-b py-2 pr-2 pl-4">
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        <IconButton label="Close" onClick={leave}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      <div
        ref={content}
        tabIndex={reading ? 0 : undefined}
        onInput={() => (entered.current = true)}
        className="max-h-[75vh] overflow-y-auto p-4"
      >
        {children}
      </div>
      {asking && (
        <div
          role="group"
          aria-label="What was entered is not saved"
          className="border-line flex flex-wrap items-center justify-end gap-2 border-t px-4 py-3"
        >
          <p className="min-w-0 flex-1 basis-48 text-sm">What was entered is not saved.</p>
          <Button autoFocus onClick={() => setAsking(false)}>
            Go on with it
          </Button>
          <Button look="danger" onClick={onClose}>
            Throw it away
          </Button>
        </div>
      )}
    </dialog>
  );
}
