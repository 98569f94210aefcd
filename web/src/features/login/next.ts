/**
 * Where to go on after the login: a place of this app, whatever the link says, because a link must not send anybody
 * elsewhere with a login just made. The browser's own reading of the address decides, as it does when it is followed.
 */
export function ownPlace(next: string | undefined, base: string): string {
  if (!next?.startsWith('/') || !URL.canParse(next, base)) return '/';
  const url = new URL(next, base);
  // A path that begins with two slashes would name another server once more.
  const path = url.pathname.replace(/^\/+/, '/');
  return url.origin === new URL(base).origin ? path + url.search + url.hash : '/';
}

/** The address of a place of the app, wherever the app is mounted. */
export function below(place: string, base: string): string {
  return new URL(base).pathname.replace(/\/$/, '') + place;
}
