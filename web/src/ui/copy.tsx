import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button, IconButton } from './button.tsx';
import { toClipboard } from './clipboard.ts';

/**
 * A text to copy. Where the browser gives no clipboard the text is selected and the key to press is named.
 */
export function CopyText({ text, label }: { text: string; label: string }) {
  const ref = useRef<HTMLPreElement>(null);
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');

  async function copy() {
    if (await toClipboard(text)) {
      setState('copied');
      return;
    }
    if (ref.current) getSelection()?.selectAllChildren(ref.current);
    setState('selected');
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

/** Copies a short text that stands before it; without a clipboard it selects that text. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <IconButton
      label={copied ? 'Copied' : `Copy ${what}`}
      className="size-6 max-sm:size-8"
      onClick={(e) => {
        const shown = e.currentTarget.previousElementSibling;
        void toClipboard(text).then((done) => {
          setCopied(done);
          if (!done && shown) getSelection()?.selectAllChildren(shown);
        });
      }}
    >
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
    </IconButton>
  );
}
