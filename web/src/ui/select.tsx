import { useId, type ReactNode, type SelectHTMLAttributes } from 'react';

/** A labelled choice of one of several words. */
export function Select({
  label,
  hint,
  children,
  ...rest
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, 'id'> & { label: string; hint?: ReactNode }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="bg-surface border-line-strong h-9 w-full rounded-md border px-2 max-sm:h-11 max-sm:text-lg"
        {...rest}
      >
        {children}
      </select>
      {hint && (
        <p id={`${id}-hint`} className="text-muted text-xs">
          {hint}
        </p>
      )}
    </div>
  );
}
