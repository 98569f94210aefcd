const GiB = 2 ** 30;
const MB = 1e6;

/** Machines of a small firm, with what is typical for each: shares in percent, rates in bytes a second. */
export const fleet = [
  {
    ...{ name: 'altair', os: ['Debian', '13.1'], cpus: 16, memory: 64, cpu: 22, used: 61, uptime: 41.2 },
    ...{ disks: [['/', 'ext4', 256, 38]], net: [2.1 * MB, 6.4 * MB], temperature: 47, tags: ['web', 'prod'] },
  },
  {
    ...{ name: 'deneb', os: ['Debian', '13.1'], cpus: 16, memory: 64, cpu: 31, used: 58, uptime: 41.2 },
    ...{ disks: [['/', 'ext4', 256, 41]], net: [2.6 * MB, 7.9 * MB], temperature: 49, tags: ['web', 'prod'] },
  },
  {
    ...{ name: 'lyra', os: ['Ubuntu', '24.04'], cpus: 32, memory: 256, cpu: 86, used: 79, uptime: 12.6 },
    disks: [
      ['/', 'ext4', 512, 52],
      ['/var/lib/postgresql', 'xfs', 4096, 71],
    ],
    ...{ net: [18.5 * MB, 24.1 * MB], temperature: 68, tags: ['database', 'prod'] },
  },
  {
    ...{ name: 'mira', os: ['AlmaLinux', '9.6'], cpus: 8, memory: 32, cpu: 9, used: 34, uptime: 190.4 },
    ...{ disks: [['/', 'xfs', 128, 63]], net: [0.3 * MB, 0.2 * MB], temperature: 41, tags: ['mail', 'prod'] },
  },
  {
    ...{ name: 'polaris', os: ['Debian', '12.9'], cpus: 4, memory: 8, cpu: 4, used: 27, uptime: 230.1 },
    ...{ disks: [['/', 'ext4', 32, 22]], net: [0.9 * MB, 0.9 * MB], temperature: 38, tags: ['dns', 'prod'] },
  },
  {
    ...{ name: 'rigel', os: ['TrueNAS', '25.04'], cpus: 8, memory: 64, cpu: 17, used: 91, uptime: 66.3 },
    disks: [
      ['/', 'zfs', 64, 19],
      ['/mnt/tank', 'zfs', 43_008, 93],
    ],
    ...{ net: [41.3 * MB, 12.2 * MB], temperature: 44, tags: ['storage', 'prod'] },
  },
  {
    ...{ name: 'sirius', os: ['Ubuntu', '24.04'], cpus: 24, memory: 128, cpu: 64, used: 47, uptime: 3.4 },
    ...{ disks: [['/', 'btrfs', 2048, 57]], net: [5.2 * MB, 1.1 * MB], temperature: 74, tags: ['ci', 'lab'] },
  },
  {
    ...{ name: 'vega', os: ['Fedora', '43'], cpus: 12, memory: 32, cpu: 13, used: 52, uptime: 0.9 },
    ...{ disks: [['/', 'btrfs', 1024, 44]], net: [0.1 * MB, 0.1 * MB], temperature: 52, tags: ['lab'] },
  },
];

/** A wave between -1 and 1 that is another for each machine, so that charts have a shape and pictures repeat. */
export function wave(host, round, speed) {
  const phase = host.name.charCodeAt(0) + host.name.charCodeAt(1) / 7;
  return Math.sin(phase + round * speed) * 0.7 + Math.sin(phase * 3 + round * speed * 2.7) * 0.3;
}

function clamp(percent) {
  return Math.min(100, Math.max(0, percent));
}

/**
 * What the agent of a machine would report in a round, which lasts so many seconds. It says that it reports every interval,
 * in seconds too.
 */
export function reportOf(host, round, seconds, interval) {
  const cpu = clamp(host.cpu + 0.25 * Math.min(host.cpu, 100 - host.cpu) * wave(host, round, 0.31));
  const used = clamp(host.used * (1 + 0.04 * wave(host, round, 0.12)));
  const total = host.memory * GiB;
  const bytes = (rate) =>
    Math.round(rate * seconds * (round + 1) * (1 + 0.02 * wave(host, round, 0.4))) + GiB;
  const load = (cpu / 100) * host.cpus;
  return {
    agent: { id: host.name, version: '1.0.0', type: 'unified', intervalSeconds: interval },
    host: {
      ...{ id: host.name, hostname: host.name, displayName: host.name, machineId: host.name },
      ...{ platform: host.os[0].toLowerCase(), osName: host.os[0], osVersion: host.os[1] },
      ...{ kernelVersion: '6.12.48', architecture: 'x86_64', cpuCount: host.cpus, reportIp: '192.0.2.20' },
      uptimeSeconds: Math.round(host.uptime * 86_400 + round * seconds),
      loadAverage: [load, load * 0.93, load * 0.9].map((v) => Math.round(v * 100) / 100),
    },
    metrics: {
      cpuUsagePercent: cpu,
      memory: {
        ...{ totalBytes: total, usedBytes: Math.round((total * used) / 100), usage: used },
        ...{ freeBytes: Math.round((total * (100 - used)) / 100) },
        ...{ swapTotalBytes: 4 * GiB, swapUsedBytes: Math.round(0.2 * GiB) },
      },
    },
    disks: host.disks.map(([mountpoint, type, size, percent], i) => ({
      ...{ device: `/dev/nvme${i}n1p2`, mountpoint, filesystem: type, type, usage: percent },
      ...{ totalBytes: size * GiB, usedBytes: Math.round((size * GiB * percent) / 100) },
      freeBytes: Math.round((size * GiB * (100 - percent)) / 100),
    })),
    diskIO: [
      { device: 'nvme0n1', readBytes: bytes(3 * MB), writeBytes: bytes(2 * MB), readOps: 1, writeOps: 1 },
    ],
    network: [
      {
        ...{ name: 'eno1', mac: '02:00:00:00:00:14', addresses: ['192.0.2.20/24'] },
        ...{ rxBytes: bytes(host.net[0]), txBytes: bytes(host.net[1]) },
      },
    ],
    sensors: { temperatureCelsius: { cpu_package: host.temperature + 4 * wave(host, round, 0.2) } },
    tags: host.tags,
    timestamp: new Date().toISOString(),
  };
}

/** Lets every machine of the fleet report once. The next reports are due so late that none is missed while tests run. */
export async function report(pulse, token, round, seconds, hosts = fleet, interval = 600) {
  for (const host of hosts) {
    const body = reportOf(host, round, seconds, interval);
    await pulse.call('POST', '/api/agents/host/report', { body, token });
  }
}
