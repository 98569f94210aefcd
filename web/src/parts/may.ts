import { useQuery } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { securityStatus } from '@/api/queries.ts';

/** What somebody may do, as the server says it: read:nodes, admin:users and the like. */
export type Need = `${'read' | 'write' | 'delete' | 'admin'}:${string}`;

/** Tells whether the one who is logged in may do something, so that a page hides what would be refused anyway. */
export function useMay(): (need: Need) => boolean {
  const status = useQuery(securityStatus);
  const can = status.data?.can ?? [];
  return (need) => can.includes(need);
}

/** What a page takes: a permission, or an account of one's own, which who came by a kiosk's link has not. */
export type Taken = Need | 'account';

/** Tells what somebody lacks of what a page takes; undefined when nothing. */
export function useMissing(): (taken: Taken | undefined) => Taken | undefined {
  const status = useQuery(securityStatus).data;
  return (taken) => {
    if (taken === undefined || status === undefined) return undefined;
    const has = taken === 'account' ? !status.tokenScopes : status.can.includes(taken);
    return has ? undefined : taken;
  };
}

/** Of the pages of a menu those that somebody may use; of the one that is open its label, and what is lacking for it. */
export function usePlaces<P extends { to: string; label: string; need?: Taken }>(pages: readonly P[]) {
  const missing = useMissing();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const open = pages.find((p) => path.endsWith(p.to));
  return {
    shown: pages.filter((p) => missing(p.need) === undefined),
    path,
    label: open?.label,
    lacks: missing(open?.need),
  };
}
