import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { installPlugin } from '@/api/plugins.ts';
import { plugins } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';

/** Installs a plugin from an archive that lies on the server: nothing is uploaded, so a stolen session brings no program. */
export function InstallDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [archive, setArchive] = useState('');
  const [sum, setSum] = useState('');
  const install = useMutation({
    mutationFn: () => installPlugin(archive.trim(), sum.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: plugins.queryKey });
      onClose();
    },
  });
  return (
    <Dialog title="Install a plugin" onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          install.mutate();
        }}
      >
        <p className="text-sm">
          A plugin is a program that runs as the server&rsquo;s user. Install only what you trust: put its
          archive into the folder <code className="font-mono">archives</code> of the server&rsquo;s data
          directory, and take the checksum from its author.
        </p>
        <Field
          label="Archive"
          required
          autoFocus
          spellCheck={false}
          autoComplete="off"
          placeholder="pulse-plugin-nut_0.1.0_linux_amd64.tar.gz"
          hint="Name of the file in that folder."
          value={archive}
          onChange={(e) => setArchive(e.target.value)}
        />
        <Field
          label="SHA-256"
          required
          spellCheck={false}
          autoComplete="off"
          hint="Checksum of the archive, 64 hexadecimal digits."
          value={sum}
          onChange={(e) => setSum(e.target.value)}
        />
        {install.isError && <ApiProblem title="It was not installed." error={install.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={install.isPending}>
            Install
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
