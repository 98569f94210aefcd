package host

// Config is what an operator may set. Hosts need none of it.
type Config struct {
	DiskExclude []string `name:"disk_exclude" help:"File systems and disks of any host that are not shown, by mount point or device: exact, prefix* or *part*."`
}
