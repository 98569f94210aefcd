import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from './button.tsx';

/**
 * A text to copy. Most people open the page over plain HTTP, where browsers give no clipboard: then the text is selected
 * and the key to press is named.
 */
export function CopyText({ text, label }: { text: string; label: string }) {
  const ref = useRef<HTMLPreElement>(null);
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      const selection = getSelection();
      if (ref.current) selection?.selectAllChildren(ref.current);
      setState('selected');
    }
  }

  return (
    <div>
      <div className="bg-bg border-line flex items-start gap-2 rounded-md border p-2">
        <pre
          ref={ref}
          tabIndex={0}
          aria-label={label}
          className="min-w-0 flex-1 py-1 font-mono text-xs break-all whitespace-pre-wrap"
        >
          {text}
        </pre>
        <Button small onClick={() => void copy()} className="shrink-0">
          {state === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          {state === 'copied' ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p className="text-muted mt-1 min-h-4 text-xs" role="status">
        {state === 'selected' && 'Selected: press Ctrl+C (or ⌘C) to copy.'}
      </p>
    </div>
  );
}
