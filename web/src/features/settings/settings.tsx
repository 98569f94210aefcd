import { Link, Outlet } from '@tanstack/react-router';
import { Denied } from '@/parts/denied.tsx';
import { ThemeMenu, useLogout } from '@/parts/menus.tsx';
import { Page } from '@/parts/page.tsx';
import { usePlaces } from '@/parts/may.ts';
import { PlaceMenu } from '@/parts/place-menu.tsx';
import { settingsPages } from '@/parts/places.ts';
import { Button } from '@/ui/button.tsx';

/** The frame of the settings. On a phone it also holds what the side navigation has elsewhere. */
export function Settings() {
  const leave = useLogout();
  const { shown, lacks, path, label } = usePlaces(settingsPages);
  return (
    <Page
      title="Settings"
      within={label}
      actions={
        <div className="flex items-center gap-2 md:hidden">
          <Link to="/plugins" className="text-accent px-2 underline">
            Plugins
          </Link>
          <ThemeMenu up={false} />
          <Button onClick={() => void leave()}>Log out</Button>
        </div>
      }
    >
      <div className="flex gap-6 max-lg:flex-col max-lg:gap-4">
        <PlaceMenu label="Settings" pages={shown} path={path} column className="shrink-0 lg:w-40" />
        <div className="min-w-0 flex-1">{lacks ? <Denied need={lacks} /> : <Outlet />}</div>
      </div>
    </Page>
  );
}
