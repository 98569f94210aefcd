import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import {
  addPasskey,
  canUsePasskeys,
  deletePasskey,
  passkeys,
  renamePasskey,
  type Passkey,
} from '@/api/passkeys.ts';
import { ApiError } from '@/api/client.ts';
import { instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Skeleton } from '@/ui/message.tsx';
import { Section } from './section.tsx';

/** The passkeys of the one who is logged in. */
export function Passkeys() {
  const list = useQuery(passkeys);
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<Passkey>();
  const close = () => {
    setAdding(false);
    setEditing(undefined);
    void client.invalidateQueries({ queryKey: passkeys.queryKey });
  };
  const why =
    list.data?.unavailable ??
    (canUsePasskeys() ? undefined : 'This browser cannot keep passkeys for this page.');
  return (
    <Section
      title="Passkeys"
      lead="A phone, a computer or a security key logs you in without a password, once it has seen that it is you."
    >
      {list.isPending && <Skeleton className="h-10 w-full max-w-md" />}
      {list.isError && (
        <ApiProblem
          title="The passkeys could not be loaded."
          error={list.error}
          retry={() => void list.refetch()}
        />
      )}
      {list.data && list.data.passkeys.length > 0 && (
        <ul className="bg-surface border-line max-w-xl rounded-lg border" aria-label="Passkeys">
          {list.data.passkeys.map((k) => (
            <Row key={k.id} passkey={k} onEdit={() => setEditing(k)} />
          ))}
        </ul>
      )}
      {list.data &&
        (why === undefined ? (
          <div>
            <Button onClick={() => setAdding(true)}>Add a passkey …</Button>
          </div>
        ) : (
          <p className="text-muted text-sm">{why}</p>
        ))}
      {adding && <Add onClose={close} />}
      {editing && <Edit passkey={editing} onClose={close} />}
    </Section>
  );
}

function Row({ passkey, onEdit }: { passkey: Passkey; onEdit: () => void }) {
  const used = instant(passkey.lastUsedAt);
  return (
    <li className="border-line flex items-center gap-3 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{passkey.name}</p>
        <p className="text-muted text-xs">
          for {passkey.host} ·{' '}
          {used === undefined ? (
            'never used'
          ) : (
            <>
              used <Ago at={used} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`Edit ${passkey.name}`} onClick={onEdit}>
        Edit
      </Button>
    </li>
  );
}

const field = (error: unknown, code: string) =>
  error instanceof ApiError && error.code === code ? error.message : undefined;

function Add({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const add = useMutation({ mutationFn: () => addPasskey(name.trim(), password), onSuccess: onClose });
  const wrong = field(add.error, 'wrong_password');
  function submit(e: SubmitEvent) {
    e.preventDefault();
    if (name.trim() !== '') add.mutate();
  }
  return (
    <Dialog title="Add a passkey" onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={submit} noValidate>
        <Field
          label="Name"
          placeholder="Ann’s phone"
          required
          autoFocus
          maxLength={64}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <Field
          label="Your password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
          error={wrong}
        />
        {add.isError && !wrong && <ApiProblem title="No passkey was added." error={add.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={add.isPending}>
            Go on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Edit({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const [name, setName] = useState(passkey.name);
  const save = useMutation({ mutationFn: () => renamePasskey(passkey.id, name.trim()), onSuccess: onClose });
  const remove = useMutation({ mutationFn: () => deletePasskey(passkey.id), onSuccess: onClose });
  function submit(e: SubmitEvent) {
    e.preventDefault();
    if (name.trim() !== '') save.mutate();
  }
  return (
    <Dialog title={passkey.name} onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={submit} noValidate>
        <Field
          label="Name"
          required
          autoFocus
          maxLength={64}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <p className="text-muted text-sm">
          A deleted passkey opens nothing any more; the device still shows it until it is deleted there too.
        </p>
        {(save.isError || remove.isError) && (
          <ApiProblem title="The passkey was not changed." error={save.error ?? remove.error} />
        )}
        <div className="flex justify-end gap-2">
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
