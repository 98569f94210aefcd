/**
 * Puts a text into the clipboard and tells whether that worked. Most people open the page over plain HTTP, where browsers
 * give no clipboard: then the text is handed over as the page is made to copy.
 */
export async function toClipboard(text: string): Promise<boolean> {
  if (isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => handOver(text),
    );
  }
  return handOver(text);
}

function handOver(text: string): boolean {
  let taken = false;
  const give = (e: ClipboardEvent) => {
    e.clipboardData?.setData('text/plain', text);
    e.preventDefault();
    taken = true;
  };
  document.addEventListener('copy', give);
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without HTTPS
    return document.execCommand('copy') && taken;
  } finally {
    document.removeEventListener('copy', give);
  }
}
