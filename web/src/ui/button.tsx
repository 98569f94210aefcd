import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './cx.ts';

export type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger';

const looks: Record<ButtonLook, string> = {
  primary: 'bg-accent text-accent-text font-medium hover:brightness-110 border-transparent',
  plain:
    'bg-surface border-line hover:bg-hover text-text aria-pressed:border-accent aria-pressed:bg-selected',
  quiet: 'border-transparent text-muted hover:bg-hover hover:text-text',
  danger: 'bg-surface border-line text-down hover:bg-down-soft',
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  busy?: boolean;
  small?: boolean;
}

const shape =
  'inline-flex items-center justify-center gap-2 rounded-md border whitespace-nowrap transition-colors duration-100';
const size = 'h-9 px-3 max-sm:h-11';
const smallSize = 'h-7 px-2 text-sm';

/** A link that looks like a button: what it leads to is what one would do. */
export const asButton = cx(shape, size, looks.plain);
export const asSmallButton = cx(shape, smallSize, looks.plain);
export const asPrimaryButton = cx(shape, size, looks.primary);

/**
 * A button. While busy it can be seen to work and cannot be pressed again; it is not disabled then, which would take the focus
 * from under the keyboard.
 */
export function Button({ look = 'plain', busy, small, className, type, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type={type ?? 'button'}
      aria-busy={busy ?? undefined}
      aria-disabled={busy === true || undefined}
      onClick={(e) => {
        if (busy) e.preventDefault();
        else onClick?.(e);
      }}
      className={cx(
        shape,
        'disabled:opacity-60 aria-disabled:opacity-60',
        small ? smallSize : size,
        looks[look],
        className,
      )}
      {...rest}
    />
  );
}

/** A button that shows only an icon; label says what it does. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> & { label: string; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        'text-muted hover:bg-hover hover:text-text inline-flex size-8 items-center justify-center rounded-md max-sm:size-11',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
