import { useQuery } from '@tanstack/react-query';
import { securityStatus } from '@/api/queries.ts';

/** What somebody may do, as the server says it: read:nodes, admin:users and the like. */
export type Need = `${'read' | 'write' | 'delete' | 'admin'}:${string}`;

/** Tells whether the one who is logged in may do something, so that a page hides what would be refused anyway. */
export function useMay(): (need: Need) => boolean {
  const status = useQuery(securityStatus);
  const can = status.data?.can ?? [];
  return (need) => can.includes(need);
}
