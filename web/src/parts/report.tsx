import { useMutation } from '@tanstack/react-query';
import { FileText } from 'lucide-react';
import { useState } from 'react';
import { callForFile } from '@/api/client.ts';
import type { Body } from '@/api/types.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useMay, useMissing } from '@/parts/may.ts';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { saveFile } from '@/ui/save.ts';
import { Select } from '@/ui/select.tsx';

export interface Reported {
  id: string;
  type: string;
  name: string;
}

/** So many resources fit into one report. */
export const most = 50;

const day = 86_400_000;

const spans = [
  ['1', 'The last day'],
  ['7', 'The last 7 days'],
  ['30', 'The last 30 days'],
  ['90', 'The last 90 days'],
  ['365', 'The last year'],
] as const;

/** A report about resources, as a file. */
export function ReportButton({
  resources,
  small = false,
}: {
  resources: readonly Reported[];
  small?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const may = useMay();
  const missing = useMissing();
  if (!may('read:nodes') || missing('account')) return null;
  return (
    <>
      <Button small={small} onClick={() => setOpen(true)}>
        <FileText size={small ? 14 : 16} aria-hidden /> Report{small && '…'}
      </Button>
      {open && (
        <Dialog
          title={
            resources.length === 1
              ? `Report about ${resources[0]?.name ?? ''}`
              : `Report about ${resources.length} resources`
          }
          onClose={() => setOpen(false)}
        >
          <Choice resources={resources} />
        </Dialog>
      )}
    </>
  );
}

function Choice({ resources }: { resources: readonly Reported[] }) {
  const [days, setDays] = useState('7');
  const [format, setFormat] = useState('pdf');
  const [title, setTitle] = useState(resources.length === 1 ? (resources[0]?.name ?? '') : 'Fleet report');
  const made = useMutation({
    mutationFn: () => {
      const now = Date.now();
      const body: Body<'/api/admin/reports/generate-multi'> = {
        resources: resources.map((r) => ({ resourceType: r.type, resourceId: r.id })),
        start: new Date(now - Number(days) * day).toISOString(),
        end: new Date(now).toISOString(),
        format,
        title: title.trim(),
      };
      return callForFile('api/admin/reports/generate-multi', { method: 'POST', body });
    },
    onSuccess: (file) => saveFile(file.name, file.content),
  });
  const tooMany = resources.length > most;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        made.mutate();
      }}
    >
      {tooMany && (
        <p role="alert" className="text-down text-sm">
          {resources.length} are selected, and a report is about {most} at most. Select fewer.
        </p>
      )}
      <Select label="Time" value={days} onChange={(e) => setDays(e.target.value)}>
        {spans.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <Select
        label="Format"
        value={format}
        hint="PDF has charts, numbers, alerts and how much of the time was heard of it; CSV is for spreadsheets."
        onChange={(e) => setFormat(e.target.value)}
      >
        <option value="pdf">PDF</option>
        <option value="csv">CSV</option>
      </Select>
      <Field label="Title" value={title} maxLength={100} onChange={(e) => setTitle(e.target.value)} />
      {made.isError && <ApiProblem title="The report was not made." error={made.error} />}
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" busy={made.isPending} disabled={tooMany}>
          Download
        </Button>
        <span role="status" className="text-muted text-sm">
          {made.isPending && 'It is being made…'}
          {made.isSuccess && 'The file is in your downloads.'}
        </span>
      </div>
    </form>
  );
}
