import {
  Archive,
  Box,
  Boxes,
  Container,
  Cpu,
  Database,
  HardDrive,
  List,
  Mail,
  Monitor,
  Network,
  Router,
  Server,
  Shapes,
  Thermometer,
  Zap,
  type LucideIcon,
} from 'lucide-react';

/** The icons that types may ask for; any other name gets a neutral one. */
const icons: Record<string, LucideIcon> = {
  archive: Archive,
  box: Box,
  boxes: Boxes,
  container: Container,
  cpu: Cpu,
  database: Database,
  'hard-drive': HardDrive,
  list: List,
  mail: Mail,
  monitor: Monitor,
  network: Network,
  router: Router,
  server: Server,
  thermometer: Thermometer,
  zap: Zap,
};

export function TypeIcon({ name, size = 16 }: { name: string; size?: number }) {
  const Icon = icons[name] ?? Shapes;
  return <Icon size={size} aria-hidden strokeWidth={1.75} />;
}
