import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, LogOut, Monitor, Moon, Ruler, Sun, User } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { logout, securityStatus } from '@/api/queries.ts';
import { endingSession, sessionEnded } from '@/app.ts';
import { onUnits, setUnits, units, type Units } from '@/format/units.ts';
import { setTheme, useTheme, type Theme } from '@/theme.ts';
import { cx } from '@/ui/cx.ts';
import { Disclosure } from '@/ui/menu.tsx';

const trigger =
  'text-muted hover:bg-hover hover:text-text inline-flex h-9 w-full min-w-9 items-center justify-center rounded-md';
const item = 'hover:bg-hover flex h-9 w-full items-center gap-2 rounded-md px-2 text-left text-sm';

const looks: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: 'system', label: 'As the system', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
];

const sizes: { label: string; hint: string; units: Units }[] = (
  [
    ['iec', 'bits'],
    ['si', 'bits'],
    ['iec', 'bytes'],
    ['si', 'bytes'],
  ] as const
).map(([size, network]) => ({
  label: `${size === 'iec' ? 'GiB' : 'GB'}, ${network === 'bits' ? 'Mbit/s' : 'MB/s'}`,
  hint: 'Memory and disks, networks',
  units: { size, network },
}));

function UnitsChoice() {
  const chosen = useSyncExternalStore(onUnits, units);
  return (
    <div
      role="group"
      aria-label="Units of memory and disks, and of networks"
      className="border-line mt-1 border-t pt-1"
    >
      {sizes.map(({ label, hint, units: u }) => {
        const on = u.size === chosen.size && u.network === chosen.network;
        return (
          <button
            key={label}
            type="button"
            aria-pressed={on}
            title={hint}
            className={item}
            onClick={() => setUnits(u)}
          >
            <Ruler size={16} aria-hidden strokeWidth={1.75} />
            <span className="flex-1">{label}</span>
            <Check size={14} aria-hidden className={cx(!on && 'invisible')} />
          </button>
        );
      })}
    </div>
  );
}

/** Chooses between light, dark and what the system has, and the units in which numbers are written. */
export function ThemeMenu({ up = true }: { up?: boolean }) {
  const { theme, shown } = useTheme();
  const Icon = shown === 'dark' ? Moon : Sun;
  return (
    <div className="flex-1">
      <Disclosure
        label="Theme and units"
        up={up}
        className={trigger}
        button={<Icon size={18} aria-hidden strokeWidth={1.75} />}
      >
        {(close) => (
          <>
            {looks.map(({ theme: t, label, icon: I }) => (
              <button
                key={t}
                type="button"
                aria-pressed={t === theme}
                className={item}
                onClick={() => {
                  setTheme(t);
                  close();
                }}
              >
                <I size={16} aria-hidden strokeWidth={1.75} />
                <span className="flex-1">{label}</span>
                <Check size={14} aria-hidden className={cx(t !== theme && 'invisible')} />
              </button>
            ))}
            <UnitsChoice />
          </>
        )}
      </Disclosure>
    </div>
  );
}

/** Ends the session and goes to the login. */
export function useLogout(): () => Promise<void> {
  const navigate = useNavigate();
  const status = useQuery(securityStatus);
  return async () => {
    await endingSession();
    // A session that the server no longer knows is as good as logged out.
    const out = await logout().catch(() => undefined);
    const beyond = out?.logoutUrl ?? (status.data?.proxyAuthUsername ? status.data.proxyAuthLogoutURL : '');
    if (beyond) {
      // Else the provider or the proxy would log the same user in again with one click.
      location.assign(beyond);
      return;
    }
    await navigate({ to: '/login' });
    sessionEnded();
  };
}

/** Who is logged in, and the way out. */
export function UserMenu() {
  const status = useQuery(securityStatus);
  const leave = useLogout();
  const name = status.data?.authUsername ?? '';
  return (
    <div className="flex-1">
      <Disclosure
        label={`Account of ${name}`}
        up
        className={trigger}
        button={<User size={18} aria-hidden strokeWidth={1.75} />}
      >
        {() => (
          <>
            <p className="text-muted px-2 py-1.5 text-xs">
              Logged in as <span className="text-text font-medium">{name}</span>
            </p>
            <button type="button" className={item} onClick={() => void leave()}>
              <LogOut size={16} aria-hidden strokeWidth={1.75} />
              Log out
            </button>
          </>
        )}
      </Disclosure>
    </div>
  );
}
