import { Link } from '@tanstack/react-router';
import { Lock } from 'lucide-react';
import { Empty } from '@/ui/message.tsx';
import type { Taken } from './may.ts';

/** Stands where a page would be that somebody may not use, and says who can change that. */
export function Denied({ need }: { need: Taken }) {
  return (
    <Empty
      title={need === 'account' ? 'This page is about an account' : 'You may not use this page'}
      icon={<Lock size={24} aria-hidden strokeWidth={1.5} />}
    >
      <p className="text-muted max-w-prose">
        {need === 'account' ? (
          'You came by a link that needs none. Log in to see it.'
        ) : (
          <>
            It takes the permission <code className="font-mono">{need}</code>. An administrator can give you a
            role that has it, under Settings, Users.
          </>
        )}
      </p>
      <Link to="/" className="text-accent underline">
        Go to the overview
      </Link>
    </Empty>
  );
}
