import { X } from 'lucide-react';
import type { Network } from '@/api/integrations.ts';
import { IconButton } from '@/ui/button.tsx';
import { Checkbox } from '@/ui/field.tsx';

/** A fingerprint as people compare it: pairs with colons. */
export function fingerprint(sha256: string): string {
  return (sha256.toUpperCase().match(/../g) ?? []).join(':');
}

/** What an integration may dial and believe beyond what is usual. */
export function NetworkFields({
  value,
  onChange,
  disabled,
}: {
  value: Network;
  onChange: (n: Network) => void;
  disabled: boolean;
}) {
  const pins = Object.entries(value.pins ?? {});
  return (
    <details
      className="border-line rounded-md border px-3 py-2"
      open={pins.length > 0 || value.allowLoopback}
    >
      <summary className="cursor-pointer font-medium">Network and certificates</summary>
      <div className="mt-3 flex flex-col gap-3">
        <Checkbox
          label="May reach this machine itself"
          hint="Only when what it asks runs on the same machine as Pulse."
          checked={value.allowLoopback ?? false}
          disabled={disabled}
          onChange={(e) => onChange({ ...value, allowLoopback: e.target.checked })}
        />
        {pins.length === 0 ? (
          <p className="text-muted text-sm">
            Certificates are verified as a browser does. One that nobody has signed can be accepted after a
            test.
          </p>
        ) : (
          <ul aria-label="Accepted certificates" className="flex flex-col gap-2">
            {pins.map(([address, sha256]) => (
              <li key={address} className="flex items-start gap-2 text-sm">
                <span className="min-w-0 flex-1">
                  Only this certificate of <strong className="font-medium">{address}</strong>
                  <code className="text-muted block font-mono text-xs break-all">{fingerprint(sha256)}</code>
                </span>
                {!disabled && (
                  <IconButton
                    label={`Forget the certificate of ${address}`}
                    onClick={() =>
                      onChange({ ...value, pins: Object.fromEntries(pins.filter(([a]) => a !== address)) })
                    }
                  >
                    <X size={16} aria-hidden />
                  </IconButton>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </details>
  );
}
