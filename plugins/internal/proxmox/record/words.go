package record

import "strings"

// keeps are the members whose values come from the products, not from people: kinds, states, versions, models, times. Known
// names and addresses are replaced in them too, as states quote them.
var keeps = set(`type status state health severity content plugintype format level subtype template arch machine ostype sysname
	version release pveversion kversion kernel-version kernel-release running-machine running-qemu pmgversion pbs-library-version
	Version OldVersion Package Title Description Origin Priority Section Arch ExtraInfo CurrentState ManagerVersion RunningKernel
	model vendor family flags mhz hvm mode crypt-mode backup-type backup-time schedule next-run last-run-state ctime mtime created modified
	active-state unit-state armed-state service desc severity message errors error reason lock qmpstatus ha state_name hastate
	ip-address-type families method method6 netmask cores cpus sockets loadavg avail used total size free time starttime endtime
	exitstatus worker_type productname key-length nextduedate regdate checktime protocol bus-type used-by rpm wearout
	pretty-name version-id public-key-type sync-direction notification-mode mailnotification pbs-change-detection-mode
	notes-template backend-type maintenance-mode mount-status upgrade-candidate level kernel features compress prune-backups
	last_sync next_sync last_try duration fail_count job_type remove_job rate`)

// sentences are those of them in which failures are told, which may quote anything: a command with its arguments, a path, a host.
var sentences = set(`status exitstatus message errors error reason last-run-state`)

// unique are members whose values say which piece this is, in digits too.
var unique = set(`serial wwn by_id_link devpath key serverid digest csum uuid fsid vmgenid fingerprint ssl_fingerprint
	fingerprint_sha256 signature pem ticket token`)

// vocabulary is the products' own language: segments of paths, kinds, units and the words of their messages. Members' names are
// in it where a person may have given the same name to a thing.
var vocabulary = set(`a access acl active admin agent all amd64 and api api2 apt archive arm64 at auth autostart backup backups
	base be blob boot bridge btrfs bytes ceph cephfs certificates check clean cluster community config content cpu critical crush
	ct current daily data datastore day db debian default delete dev dhcp dir dirty disabled disk disks dmeventd down efi efidisk0
	enabled error errors eth exit ext3 ext4 failed false fidx didx file files filter firewall for free fs fsinfo garbage get gib gc
	glusterfs group groups ha health health_err health_ok health_warn history host hourly hours http https id ide0 ide1 ide2 ide3 idle
	images import in index info interfaces ipv4 ipv6 is iscsi iscsidirect iso job jobs json kib linux list lo local localhost
	lock locked log lvm lvmthin lxc mail maintenance manual max mdadm mds media memory mgr mib min minute mode mon monthly name nas
	net net0 net1 net2 net3 network nfs no node nodes none not notes ns null nvme of off offline ok on online optional or osd out
	pam path paused pbs pbsclient percent permission permissions permitted pgs pmg ping plan pool pools postfix privilege
	procs prune pve pvedaemon pveproxy pvestatd pxar qcow2 qemu qmcreate qmdestroy qmigrate qmreboot qmshutdown qmsnapshot qmstart
	qmstop qmrestore quarantine query queue quorum raid raidz raidz1 raidz2 raidz3 raw rbd read realm remote replication resources
	restore rootdir rootfs rpool running s sas sata sata0 scheduler scsi scsi0 scsi1 scsi2 scsi3 sda sdb sdc sdd sec seconds set
	smart snapshot snapshots snippets spam ssd start started status stop stopped storage storages store subscription subvol swap sync
	system tape task tasks text tgz the time timeout to total true type unavailable unknown unused up update updates upid usb used
	user users utc vda vdb vdc verification verify veth version virtio virtio0 virtio1 virtio2 virus vlan vm vma vmbr0 vmbr1 vmid
	vncproxy vnet volume vztmpl vzcreate vzdump vzmigrate vzrestore vzshutdown vzsnapshot vzstart vzstop warning warnings week weekly
	wearout with write xfs yes z zfs zfspool zone zst zstd gz lzo mon tue wed thu fri sat sun kb mb gb tb ds dashboard templatename
	guestname eth0 eth1 eno1 eno2 tap fwbr fwpr fwln bond0 x86 root`)

// spoken are words that sentences of the products quote beside what is somebody's: commands, folders, privileges.
var spoken = set(`guest osinfo exec hostname conf server usr bin sbin mnt srv var lib tmp etc run dump sys modify audit allocate allocatespace
	vms monitor guestagent fileread unrestricted sdn mapping ssh rsync qm pct pvesm mount umount zpool lvs vgs lvchange command`)

func set(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}
