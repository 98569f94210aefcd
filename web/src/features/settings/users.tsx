import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Users as Icon } from 'lucide-react';
import { useState, type SubmitEvent } from 'react';
import {
  changeUser,
  createUser,
  deleteUser,
  resetSecondStep,
  roles,
  users,
  type Role,
  type User,
} from '@/api/access.ts';
import { deletePasskeysOf, passkeysOf } from '@/api/passkeys.ts';
import { securityStatus } from '@/api/queries.ts';
import { instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { NewPassword, passwordUsable } from '@/parts/new-password.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Empty } from '@/ui/message.tsx';
import { Section } from './section.tsx';

/** Who may come in, with which roles. */
export function Users() {
  const list = useQuery(users);
  const all = useQuery(roles);
  const [making, setMaking] = useState(false);
  const [editing, setEditing] = useState<User>();
  return (
    <Section
      title="Users"
      lead="Everybody has an account of their own. Roles say what it may do; the roles’ page says what they mean."
      action={
        <Button look="primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden /> New user
        </Button>
      }
    >
      <Loaded query={list} failed="The users could not be loaded." skeleton={<TableSkeleton rows={3} />}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no users" icon={<Icon size={24} aria-hidden strokeWidth={1.5} />}>
              <Button onClick={() => setMaking(true)}>Make a user</Button>
            </Empty>
          ) : (
            <UserList users={known} roles={all.data ?? []} onEdit={setEditing} />
          )
        }
      </Loaded>
      {making && <NewUser roles={all.data ?? []} onClose={() => setMaking(false)} />}
      {editing && <EditUser user={editing} roles={all.data ?? []} onClose={() => setEditing(undefined)} />}
    </Section>
  );
}

/** Where a user logs in, in words. */
function sourceText(user: User): string {
  if (user.source === 'local') {
    const ways = user.secondStep ? 'password and one-time code' : 'password';
    return user.linked ? `${ways}, or single sign-on` : ways;
  }
  if (user.source === 'oidc') return 'single sign-on';
  return user.source === '' ? 'has never come' : `logs in by ${user.source}`;
}

function UserList({
  users: list,
  roles: known,
  onEdit,
}: {
  users: User[];
  roles: Role[];
  onEdit: (u: User) => void;
}) {
  const nameOf = (id: string) => known.find((r) => r.id === id)?.name ?? id;
  return (
    <ul className="bg-surface border-line rounded-lg border" aria-label="Users">
      {list.map((u) => {
        const seen = instant(u.lastLoginAt);
        return (
          <li
            key={u.username}
            className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0"
          >
            <div className="min-w-0 flex-1 basis-64 max-sm:basis-full">
              <p className="flex flex-wrap items-baseline gap-x-2">
                <span className="font-medium break-all">{u.username}</span>
                {u.disabled && <span className="text-degraded text-xs font-medium">disabled</span>}
              </p>
              <p className="text-muted text-xs">
                {u.roleIds.map(nameOf).join(', ') || 'no role: may do nothing'}
              </p>
            </div>
            <p className="text-muted w-52 text-xs max-sm:flex-1">
              {sourceText(u)}
              <br />
              {seen === undefined ? (
                'never logged in'
              ) : (
                <>
                  last login <Ago at={seen} />
                </>
              )}
            </p>
            <Button small aria-label={`Edit ${u.username}`} onClick={() => onEdit(u)}>
              Edit
            </Button>
          </li>
        );
      })}
    </ul>
  );
}

function RoleBoxes({
  roles: known,
  chosen,
  onChange,
}: {
  roles: Role[];
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
}) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">Roles</legend>
      {known.map((r) => (
        <Checkbox
          key={r.id}
          label={r.name}
          hint={r.description}
          checked={chosen.includes(r.id)}
          onChange={(e) => onChange(e.target.checked ? [...chosen, r.id] : chosen.filter((c) => c !== r.id))}
        />
      ))}
    </fieldset>
  );
}

function NewUser({ roles: known, onClose }: { roles: Role[]; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [chosen, setChosen] = useState<string[]>(['viewer']);
  const [tried, setTried] = useState(false);
  const create = useMutation({
    mutationFn: () => createUser(name.trim(), password, chosen),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: users.queryKey });
      onClose();
    },
  });
  function submit(e: SubmitEvent) {
    e.preventDefault();
    setTried(true);
    if (name.trim() !== '' && passwordUsable(password, again)) create.mutate();
  }
  return (
    <Dialog title="New user" onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={submit} noValidate>
        <Field
          label="User name"
          name="new-username"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
          maxLength={128}
          value={name}
          onChange={(e) => setName(e.target.value)}
          error={tried && name.trim() === '' ? 'A name is needed.' : undefined}
        />
        <NewPassword
          userName={name}
          password={password}
          again={again}
          onPassword={setPassword}
          onAgain={setAgain}
          tried={tried}
        />
        <RoleBoxes roles={known} chosen={chosen} onChange={setChosen} />
        {create.isError && <ApiProblem title="The user was not made." error={create.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            Make the user
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function EditUser({ user, roles: known, onClose }: { user: User; roles: Role[]; onClose: () => void }) {
  const client = useQueryClient();
  const status = useQuery(securityStatus).data;
  const self = status?.authUsername === user.username;
  const signOn = status?.oidcEnabled === true;
  const [chosen, setChosen] = useState<string[]>(user.roleIds);
  const [disabled, setDisabled] = useState(user.disabled);
  const mayLink = user.linked || user.linkUntil !== undefined;
  const [link, setLink] = useState(mayLink);
  const [word, setWord] = useState({ password: '', again: '' });
  const [setting, setSetting] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const done = async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: users.queryKey }),
      client.invalidateQueries({ queryKey: securityStatus.queryKey }),
    ]);
    onClose();
  };
  const save = useMutation({
    mutationFn: () =>
      changeUser(user.username, {
        roleIds: chosen,
        ...(disabled !== user.disabled && { disabled }),
        ...(link !== mayLink && { link }),
        ...(word.password !== '' && { password: word.password }),
      }),
    onSuccess: done,
  });
  const keys = useQuery({ ...passkeysOf(user.username), enabled: !self && user.source === 'local' }).data
    ?.passkeys;
  const dropKeys = useMutation({
    mutationFn: () => deletePasskeysOf(user.username),
    onSuccess: () => client.invalidateQueries({ queryKey: passkeysOf(user.username).queryKey }),
  });
  const reset = useMutation({ mutationFn: () => resetSecondStep(user.username), onSuccess: done });
  const remove = useMutation({ mutationFn: () => deleteUser(user.username), onSuccess: done });
  if (deleting) {
    return (
      <Dialog title={`Delete “${user.username}”?`} onClose={() => setDeleting(false)}>
        <p className="text-sm">
          All logins and tokens of the user end now; what uses the tokens is refused from then on. This cannot
          be undone. To keep the tokens for later, disable the user instead.
        </p>
        {remove.isError && <ApiProblem title="The user was not deleted." error={remove.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={() => setDeleting(false)}>Keep the user</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete the user
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={user.username} onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (!setting || passwordUsable(word.password, word.again)) save.mutate();
        }}
      >
        <RoleBoxes roles={known} chosen={chosen} onChange={setChosen} />
        {!self && (
          <Checkbox
            label="Disabled"
            hint="Logs the user out everywhere and refuses their tokens, until it is taken back."
            checked={disabled}
            onChange={(e) => setDisabled(e.target.checked)}
          />
        )}
        {(signOn || mayLink) && (user.source !== 'oidc' || !user.linked) && (
          <Checkbox
            label="May log in by single sign-on"
            hint={
              user.linked
                ? 'An identity at the provider is bound to the user. Taken back, it is parted from them.'
                : 'For seven days, whoever logs in at the provider under this name becomes this user. Allow it only if nobody else can take the name there.'
            }
            checked={link}
            onChange={(e) => setLink(e.target.checked)}
          />
        )}
        {user.source === 'local' && !self && !setting && (
          <div>
            <Button small onClick={() => setSetting(true)}>
              Set a new password …
            </Button>
          </div>
        )}
        {setting && (
          <NewPassword
            label="New password"
            userName={user.username}
            password={word.password}
            again={word.again}
            onPassword={(password) => setWord({ ...word, password })}
            onAgain={(again) => setWord({ ...word, again })}
            tried={word.password !== ''}
          />
        )}
        {keys && keys.length > 0 && (
          <div className="flex flex-wrap items-center gap-2 text-sm">
            <span>Logs in by passkey too: {keys.map((k) => k.name).join(', ')}.</span>
            <Button small busy={dropKeys.isPending} onClick={() => dropKeys.mutate()}>
              Delete {keys.length === 1 ? 'it' : 'them'}
            </Button>
          </div>
        )}
        {dropKeys.isError && <ApiProblem title="The passkeys were not deleted." error={dropKeys.error} />}
        {save.isError && <ApiProblem title="The user was not changed." error={save.error} />}
        {reset.isError && <ApiProblem title="The one-time codes were not turned off." error={reset.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          {user.secondStep && !self && (
            <Button busy={reset.isPending} onClick={() => reset.mutate()}>
              Turn off one-time codes
            </Button>
          )}
          {!self && (
            <Button look="danger" onClick={() => setDeleting(true)}>
              Delete …
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
