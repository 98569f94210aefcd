import { FileText } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '@/parts/may.ts';
import { asPrimaryButton, Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Select } from '@/ui/select.tsx';

const day = 86_400_000;

const spans = [
  ['1', 'The last day'],
  ['7', 'The last 7 days'],
  ['30', 'The last 30 days'],
  ['90', 'The last 90 days'],
  ['365', 'The last year'],
] as const;

/** The address of a report about one resource. */
export function reportAddress(
  resource: { id: string; type: string },
  days: number,
  format: string,
  title: string,
  now: number,
): string {
  const query = new URLSearchParams({
    format,
    resourceType: resource.type,
    resourceId: resource.id,
    start: new Date(now - days * day).toISOString(),
    end: new Date(now).toISOString(),
  });
  if (title !== '') query.set('title', title);
  return `api/admin/reports/generate?${query.toString()}`;
}

/** A report about a resource, as a file. */
export function ReportButton({ resource }: { resource: { id: string; type: string; name: string } }) {
  const [open, setOpen] = useState(false);
  if (!useMay()('admin:settings')) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <FileText size={16} aria-hidden /> Report
      </Button>
      {open && (
        <Dialog title={`Report about ${resource.name}`} onClose={() => setOpen(false)}>
          <Choice resource={resource} />
        </Dialog>
      )}
    </>
  );
}

function Choice({ resource }: { resource: { id: string; type: string; name: string } }) {
  const [days, setDays] = useState('7');
  const [format, setFormat] = useState('pdf');
  const [title, setTitle] = useState(resource.name);
  const [opened] = useState(() => Date.now());
  return (
    <div className="flex flex-col gap-4">
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
      <div>
        <a
          download
          href={reportAddress(resource, Number(days), format, title.trim(), opened)}
          className={asPrimaryButton}
        >
          Download
        </a>
      </div>
    </div>
  );
}
