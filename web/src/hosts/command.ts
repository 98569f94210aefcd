/** A text as one word of a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whether an address means the machine itself on every machine. */
export function onlyHere(url: string): boolean {
  const host = new URL(url).hostname;
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  );
}

/** How an agent may run: as a service of the machine, or just now in a terminal. */
export const ways = [
  { name: 'service', label: 'As a service' },
  { name: 'terminal', label: 'In a terminal' },
] as const;

export type Way = (typeof ways)[number]['name'];

/** What to type so that a machine reports. The token goes through a file of its owner and never into arguments of a process. */
export function agentCommand(way: Way, url: string, token: string): string {
  const write = `printf '%s\\n' ${quoted(token)}`;
  if (way === 'terminal') {
    return [
      `(umask 077 && ${write} > pulse-agent.token)`,
      `pulse-agent --url ${quoted(url)} --token-file pulse-agent.token`,
    ].join('\n');
  }
  return [
    `${write} | sudo install -D -m 600 /dev/stdin /var/lib/pulse-agent/token`,
    `echo ${quoted(`PULSE_URL=${url}`)} | sudo install -D -m 644 /dev/stdin /etc/pulse/agent.env`,
    'sudo systemctl enable --now pulse-agent',
  ].join('\n');
}
