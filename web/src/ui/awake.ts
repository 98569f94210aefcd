import { useEffect } from 'react';

/** A picture that plays without sound keeps a screen on where the browser gives no wake lock, which needs HTTPS. */
function playing(): () => void {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 16;
  const draw = canvas.getContext('2d');
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.setAttribute('aria-hidden', 'true');
  Object.assign(video.style, { position: 'fixed', right: '0', bottom: '0', width: '1px', height: '1px' });
  video.srcObject = canvas.captureStream(1);
  document.body.append(video);
  const timer = setInterval(() => draw?.fillRect(0, 0, 1, 1), 1000);
  void video.play().catch(() => undefined);
  return () => {
    clearInterval(timer);
    video.srcObject = null;
    video.remove();
  };
}

function locked(): () => void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  // The browser takes the lock away while the page is hidden.
  const ask = () => {
    if (document.visibilityState !== 'visible') return;
    navigator.wakeLock.request('screen').then(
      (got) => {
        if (over) void got.release();
        else lock = got;
      },
      () => undefined,
    );
  };
  ask();
  document.addEventListener('visibilitychange', ask);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', ask);
    void lock?.release();
  };
}

/** Keeps the screen on, as far as the browser lets. */
export function useAwake(on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    return 'wakeLock' in navigator ? locked() : playing();
  }, [on]);
}
