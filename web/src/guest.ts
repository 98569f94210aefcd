const key = 'pulse.guest';

function stored(): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** Takes the token out of the address, where it would stand in everybody's sight; it lasts as long as the tab. */
function arrived(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  if (token === '') return stored();
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    sessionStorage.setItem(key, token);
  } catch {
    // Without storage it lasts until the page is loaded again.
  }
  return token;
}

let token = arrived();

/** The token of the link that the tab was opened with, which stands for a login; empty when there was none. */
export function guestToken(): string {
  return token;
}

/** Forgets the link's token: it ended, or somebody logs in. */
export function forgetGuest(): void {
  token = '';
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Then it was not stored.
  }
}

/** The address that shows a view to who has no account. The token is in the fragment: no server and no proxy ever sees it there. */
export function guestLink(base: string, path: string, value: string): string {
  const url = new URL(path.replace(/^\//, ''), base);
  url.searchParams.set('kiosk', '1');
  url.hash = `token=${value}`;
  return url.href;
}
