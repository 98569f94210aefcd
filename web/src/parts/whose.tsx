import { useLive } from '@/live/hooks.ts';
import { namesakes } from '@/live/namesakes.ts';
import { cx } from '@/ui/cx.ts';

/** Of which system a resource is, behind its name; nothing where no other of its type is called so. */
export function Whose({ id, className }: { id: string; className?: string }) {
  const words = useLive((l) => namesakes(l.byId).whose.get(id));
  if (words === undefined) return null;
  return (
    <span data-whose className={cx('text-muted text-xs font-normal', className)} title={words}>
      {words}
    </span>
  );
}
