import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { deleteRole, roles, saveRole, users, type Permission, type Role } from '@/api/access.ts';
import { securityStatus } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Button, IconButton } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Select } from '@/ui/select.tsx';
import { Section } from './section.tsx';

const actions = ['read', 'write', 'delete', 'admin'] as const;
const resources = [
  '*',
  'nodes',
  'vms',
  'containers',
  'alerts',
  'settings',
  'users',
  'audit_logs',
  'license',
  'ai',
  'discovery',
  'compliance',
];

/** The roles: what those may do who have them. */
export function Roles() {
  const list = useQuery(roles);
  const [editing, setEditing] = useState<Role | 'new'>();
  return (
    <Section
      title="Roles"
      lead="A role is a list of permissions: an action and what it is done to. The action admin implies the others, and a refusal wins over any permission."
      action={
        <Button look="primary" onClick={() => setEditing('new')}>
          <Plus size={16} aria-hidden /> New role
        </Button>
      }
    >
      <Loaded query={list} failed="The roles could not be loaded." skeleton={<TableSkeleton rows={4} />}>
        {(known) => (
          <ul className="bg-surface border-line rounded-lg border" aria-label="Roles">
            {known.map((r) => (
              <li
                key={r.id}
                className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0"
              >
                <div className="min-w-0 flex-1 basis-64 max-sm:basis-full">
                  <p className="flex flex-wrap items-baseline gap-x-2">
                    <span className="font-medium break-all">{r.name}</span>
                    <code className="text-muted font-mono text-xs">{r.id}</code>
                  </p>
                  <p className="text-muted text-xs">{r.description}</p>
                  <p className="mt-0.5 font-mono text-xs break-words">
                    {r.permissions.map(permissionText).join(', ') || (r.parentId ? '' : 'nothing')}
                    {r.parentId && ` and all of ${r.parentId}`}
                  </p>
                </div>
                {r.isBuiltIn ? (
                  <span className="text-muted text-xs">built in</span>
                ) : (
                  <Button small aria-label={`Edit ${r.name}`} onClick={() => setEditing(r)}>
                    Edit
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {editing && (
        <EditRole
          role={editing === 'new' ? undefined : editing}
          roles={list.data ?? []}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Section>
  );
}

function permissionText(p: Permission): string {
  return `${p.effect === 'deny' ? 'not ' : ''}${p.action}:${p.resource}`;
}

function EditRole({
  role,
  roles: known,
  onClose,
}: {
  role: Role | undefined;
  roles: Role[];
  onClose: () => void;
}) {
  const client = useQueryClient();
  const [id, setId] = useState(role?.id ?? '');
  const [name, setName] = useState(role?.name ?? '');
  const [description, setDescription] = useState(role?.description ?? '');
  const [parentId, setParentId] = useState(role?.parentId ?? '');
  const [permissions, setPermissions] = useState<Permission[]>(
    role?.permissions ?? [{ action: 'read', resource: 'nodes' }],
  );
  const done = async () => {
    await Promise.all(
      [roles.queryKey, users.queryKey, securityStatus.queryKey].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
    onClose();
  };
  const taken = role === undefined && known.some((r) => r.id === id);
  const save = useMutation({
    mutationFn: () =>
      saveRole(id, { name: name.trim(), description, permissions, ...(parentId !== '' && { parentId }) }),
    onSuccess: done,
  });
  const remove = useMutation({ mutationFn: () => deleteRole(id), onSuccess: done });
  const change = (i: number, part: Partial<Permission>) =>
    setPermissions(permissions.map((p, n) => (n === i ? { ...p, ...part } : p)));
  return (
    <Dialog title={role ? role.name : 'New role'} onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (!taken) save.mutate();
        }}
      >
        {role === undefined && (
          <Field
            label="Id"
            hint="Letters, digits, _ and -. It stays."
            required
            autoFocus
            pattern="[A-Za-z0-9_\-]{1,64}"
            autoCapitalize="none"
            spellCheck={false}
            value={id}
            onChange={(e) => setId(e.target.value)}
            error={taken ? 'There is a role with this id already.' : undefined}
          />
        )}
        <Field label="Name" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />
        <Field
          label="What it is for"
          maxLength={500}
          value={description}
          onChange={(e) => setDescription(e.target.value)}
        />
        <Select
          label="With all permissions of"
          value={parentId}
          onChange={(e) => setParentId(e.target.value)}
        >
          <option value="">no other role</option>
          {known
            .filter((r) => r.id !== id)
            .map((r) => (
              <option key={r.id} value={r.id}>
                {r.name}
              </option>
            ))}
        </Select>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">Permissions</legend>
          {permissions.map((p, i) => (
            // The rows have no other identity than their place.
            <div key={i} className="grid grid-cols-[1fr_1fr_1fr_auto] items-end gap-2">
              <Select
                label="Effect"
                value={p.effect === 'deny' ? 'deny' : 'allow'}
                onChange={(e) => change(i, { effect: e.target.value === 'deny' ? 'deny' : 'allow' })}
              >
                <option value="allow">may</option>
                <option value="deny">may not</option>
              </Select>
              <Select label="Action" value={p.action} onChange={(e) => change(i, { action: e.target.value })}>
                {actions.map((a) => (
                  <option key={a}>{a}</option>
                ))}
              </Select>
              <Select
                label="Resource"
                value={p.resource}
                onChange={(e) => change(i, { resource: e.target.value })}
              >
                {[...new Set([...resources, p.resource])].map((r) => (
                  <option key={r} value={r}>
                    {r === '*' ? 'everything' : r}
                  </option>
                ))}
              </Select>
              <IconButton
                label={`Remove ${permissionText(p)}`}
                onClick={() => setPermissions(permissions.filter((_, n) => n !== i))}
              >
                <Trash2 size={16} aria-hidden />
              </IconButton>
            </div>
          ))}
          <div>
            <Button
              small
              onClick={() => setPermissions([...permissions, { action: 'read', resource: 'alerts' }])}
            >
              <Plus size={14} aria-hidden /> Permission
            </Button>
          </div>
        </fieldset>
        {save.isError && <ApiProblem title="The role was not saved." error={save.error} />}
        {remove.isError && <ApiProblem title="The role was not deleted." error={remove.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          {role && (
            <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
              Delete the role
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
