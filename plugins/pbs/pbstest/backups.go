package pbstest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Backup is one backup in a datastore.
type Backup struct {
	Namespace, Type, ID string
	Time                time.Time
	Size                int64 // 0 while it runs or when it was broken off
	Owner, Comment      string
	Protected           bool
	Encrypted           bool
	Verification        string // ok, failed, empty
}

// store is the datastore of a call's path when the account may read it. An account that may not gets the same answer
// whether it exists or not.
func (c call) store() *Store {
	name := c.PathValue("store")
	if !c.may("/datastore/"+name, "Datastore.Audit", "Datastore.Backup") {
		return nil
	}
	for _, s := range c.world.Stores {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// inStore answers a call below a datastore, which fails while the datastore cannot be read.
func inStore(f func(call, *Store) answer) func(call) answer {
	return func(c call) answer {
		s := c.store()
		switch {
		case s == nil:
			return denied
		case s.Error != "":
			return answer{status: http.StatusBadRequest, text: s.Error}
		}
		return f(c, s)
	}
}

func namespaces(c call, s *Store) answer {
	if !c.world.atLeast("2.2") {
		return answer{status: http.StatusNotFound, text: "Path '" + c.URL.Path + "' not found."}
	}
	names := map[string]bool{"": true}
	for _, b := range s.Backups {
		for at := b.Namespace; at != ""; at = at[:max(0, strings.LastIndex(at, "/"))] {
			names[at] = true
		}
	}
	out := []any{}
	for name := range names {
		out = append(out, map[string]any{"ns": name})
	}
	slices.SortFunc(out, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return data(out)
}

// visible are the backups of a namespace that the account sees: all of them, or its own.
func (c call) visible(s *Store) []Backup {
	var out []Backup
	all := c.may("/datastore/"+s.Name, "Datastore.Audit")
	q := c.URL.Query()
	for _, b := range s.Backups {
		if b.Namespace != q.Get("ns") || !all && b.Owner == "" || q.Has("backup-type") && b.Type != q.Get("backup-type") || q.Has("backup-id") && b.ID != q.Get("backup-id") {
			continue
		}
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b Backup) int { return b.Time.Compare(a.Time) })
	return out
}

func (b Backup) files() []string {
	files := []string{"client.log.blob", "drive-scsi0.img.fidx", "qemu-server.conf.blob"}
	if b.Type == "ct" {
		files = []string{"catalog.pcat1.didx", "pct.conf.blob", "root.pxar.didx"}
	}
	if b.Size > 0 {
		files = append(files, "index.json.blob")
	}
	return files
}

// mode is how a file is encrypted. The index never is, and is signed when the others are.
func (b Backup) mode(file string) string {
	switch {
	case !b.Encrypted:
		return "none"
	case file == "index.json.blob":
		return "sign-only"
	}
	return "encrypt"
}

func groups(c call, s *Store) answer {
	type key struct{ kind, id string }
	index := map[key]map[string]any{}
	out := []any{}
	for _, b := range c.visible(s) { // the newest first
		k := key{b.Type, b.ID}
		if g := index[k]; g != nil {
			g["backup-count"] = g["backup-count"].(int) + 1
			continue
		}
		index[k] = map[string]any{"backup-type": b.Type, "backup-id": b.ID, "last-backup": b.Time.Unix(), "backup-count": 1, "files": b.files(), "owner": b.Owner}
		out = append(out, index[k])
	}
	return data(out)
}

func snapshots(c call, s *Store) answer {
	out := []any{}
	for _, b := range c.visible(s) {
		var files []any
		for _, f := range b.files() {
			if c.world.atLeast("2.0") {
				files = append(files, map[string]any{"filename": f, "crypt-mode": b.mode(f), "size": 512})
			} else {
				files = append(files, f)
			}
		}
		row := map[string]any{"backup-type": b.Type, "backup-id": b.ID, "backup-time": b.Time.Unix(), "files": files, "owner": b.Owner, "protected": b.Protected}
		if b.Size > 0 {
			row["size"] = b.Size
		}
		if b.Comment != "" {
			row["comment"] = b.Comment
		}
		if b.Verification != "" {
			row["verification"] = map[string]any{"state": b.Verification, "upid": "UPID:pbs:0000168E:04450640:0000000A:6AB41400:verificationjob:main\\x3av:root@pam:"}
		}
		out = append(out, row)
	}
	return data(out)
}
