import { useEffect, useRef } from 'react';

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/**
 * Listens for keys that are pressed outside of fields and dialogs. A key may be a sequence of two ("g o"), typed within a
 * second. The handler that takes a key returns nothing; one that does not want it returns false.
 */
export function useKeys(keys: Record<string, () => unknown>): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    let before = '';
    let at = 0;
    function onKey(e: KeyboardEvent) {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const sequence = before !== '' && e.timeStamp - at < 1000 ? `${before} ${e.key}` : '';
      before = e.key;
      at = e.timeStamp;
      const handler = current.current[sequence] ?? current.current[e.key];
      if (!handler || handler() === false) return;
      e.preventDefault();
      before = '';
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
