import { Link } from '@tanstack/react-router';
import { asButton } from '@/ui/button.tsx';
import { useMay } from './may.ts';

/** Leads to where systems are connected, or says who can do that. */
export function Connect({ label = 'Connect one' }: { label?: string }) {
  const may = useMay();
  if (!may('admin:settings')) {
    return (
      <p className="text-muted text-sm">An administrator can connect one, under Settings, Integrations.</p>
    );
  }
  return (
    <Link to="/settings/integrations" className={asButton}>
      {label}
    </Link>
  );
}
