package pbstest

// Service is one of the system's services.
type Service struct{ Name, State, Unit string }

// Disk is one of the server's disks. Left is the percentage of its life that is left.
type Disk struct {
	Name, Model, Status string
	Left                float64
}

// Update is a package that waits.
type Update struct{ Package, Old, Version string }

// readable answers a call that takes a right.
func readable(on, privilege string, f func(call) any) func(call) answer {
	return func(c call) answer {
		if !c.may(on, privilege) {
			return denied
		}
		return data(f(c))
	}
}

func services(c call) any {
	out := []any{}
	for _, s := range c.world.Services {
		out = append(out, map[string]any{"service": s.Name, "name": s.Name + ".service", "desc": s.Name, "state": s.State, "unit-state": s.Unit})
	}
	return out
}

func disks(c call) any {
	out := []any{}
	for _, d := range c.world.Disks {
		row := map[string]any{"name": d.Name, "devpath": "/dev/" + d.Name, "disk-type": "ssd", "model": d.Model, "status": d.Status, "used": "zfs", "gpt": true}
		if d.Left > 0 {
			row["wearout"] = d.Left
		}
		out = append(out, row)
	}
	return out
}

func pools(c call) any {
	out := []any{}
	for name, health := range c.world.Pools {
		out = append(out, map[string]any{"name": name, "size": int64(8) << 40, "alloc": int64(4) << 40, "free": int64(4) << 40, "frag": 3, "dedup": 1.0, "health": health})
	}
	return out
}

func updates(c call) any {
	out := []any{}
	for _, u := range c.world.Updates {
		out = append(out, map[string]any{"Package": u.Package, "Title": u.Package, "Version": u.Version, "OldVersion": u.Old, "Origin": "Proxmox", "Priority": "standard", "Section": "admin", "Arch": "amd64"})
	}
	return out
}
