package pve

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// The id of a guest that is gone may be given to another one. What tells them apart stands in their configuration: the UUID
// of a virtual machine, the addresses of a container's network cards. A guest that is another one than before gets another
// key, so that it inherits neither history nor backups; one that was restored from a backup is the one that it was.

const (
	// configsAtOnce is how many guests are asked for their configuration in one cycle, and configAge how long it is believed.
	configsAtOnce = 10
	configAge     = 24 * time.Hour
	// suspectsAtOnce is how many guests are asked at once because they came back, and suspectPatience how long that may hold
	// up all else.
	suspectsAtOnce  = 5
	suspectPatience = 3 * time.Second
	// suspectPause is how long one that did not say who it is is not asked again.
	suspectPause = time.Minute
	// maxGone is how many guests are remembered that are gone: some clusters make and remove them by the thousand.
	maxGone = 20_000
)

// identity is what is remembered of who has an id. The members are short: there is one of each guest. Times are the cluster's.
type identity struct {
	// mark stands for the UUID or the addresses, 0 when they are not known; lxc says what it was.
	mark uint64
	lxc  bool
	// suspect says that the guest was away, or that a task has removed it: another mark means another guest. New ones of
	// containers mean nothing otherwise, as network cards are replaced.
	suspect bool
	// gen counts the guests that had the id before, born is when the one of now began; 0 for the first.
	gen  int32
	born int64 // Unix seconds
	// seen is since when the guest has been there, as far as is known, in Unix seconds.
	seen int64
	read int64 // when the configuration was read, in Unix seconds; 0 asks for it anew
	// tried is when it was last asked for in vain, in Unix seconds.
	tried int64
	gone  int64 // when it was first missing, or was removed, in Unix seconds
}

// identityBook is who has which id. The collector's lock guards it.
type identityBook struct {
	of    map[int]identity
	dirty map[int]bool // chunks that differ from what the server keeps
	saved time.Time
}

// identify finds out who the guests of a view are. Those that came back are asked before anything is told of them.
func (c *Collector) identify(ctx context.Context, v *view) {
	for _, row := range c.suspects(v) {
		c.readConfig(ctx, row, suspectPatience)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range v.guests {
		v.guests[i].gen = c.identities.of[int(v.guests[i].VMID.V)].gen
	}
}

// suspects notes which ids are in use, and returns guests that may be others than before.
func (c *Collector) suspects(v *view) (out []resourceRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	book := &c.identities
	now := c.client.TimeThere(v.at)
	there := make(map[int]bool, len(v.guests))
	for _, row := range v.guests {
		id := int(row.VMID.V)
		there[id] = true
		who, known := book.of[id]
		switch {
		case !known:
			book.change(id, identity{lxc: row.Type == "lxc", seen: now.Unix() - max(0, row.Uptime.V)})
		case who.lxc != (row.Type == "lxc"):
			c.another(id, identity{lxc: row.Type == "lxc"}, now)
		case who.suspect && len(out) < suspectsAtOnce && now.Sub(time.Unix(who.tried, 0)) >= suspectPause:
			if on, member := v.node(string(row.Node)); member && on.online && !c.away[on.name].until.After(v.at) {
				out = append(out, row)
			}
		}
	}
	for id, who := range book.of {
		if !there[id] && !who.suspect {
			who.suspect, who.gone = true, now.Unix()
			book.of[id] = who
		}
	}
	book.trim(there)
	return out
}

// trim forgets those that are gone for longest when they are too many.
func (b *identityBook) trim(there map[int]bool) {
	var gone []int
	for id := range b.of {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	if len(gone) <= maxGone {
		return
	}
	slices.SortFunc(gone, func(x, y int) int { return cmp.Compare(b.of[x].gone, b.of[y].gone) })
	for _, id := range gone[:len(gone)-maxGone/2] {
		delete(b.of, id)
		b.dirty[id%guestChunks] = true
	}
}

// another gives an id to a guest that is another one than before. The lock is held.
func (c *Collector) another(id int, who identity, now time.Time) {
	old := c.identities.of[id]
	who.gen, who.born, who.seen, who.suspect, who.gone = old.gen+1, now.Unix(), now.Unix(), false, 0
	if old.gone > 0 {
		who.born = old.gone
	}
	c.identities.change(id, who)
	c.identities.saved = time.Time{}
	delete(c.guests, id)
	c.rates.Forget(func(k counter) bool { return k.guest == id })
	c.deps.Log.Info("the id of a guest was given to another one", "vmid", id)
}

func (b *identityBook) change(id int, who identity) {
	b.of[id] = who
	b.dirty[id%guestChunks] = true
}

// readConfig asks for the configuration of a guest and judges who it is. It returns whether another one may be asked.
func (c *Collector) readConfig(ctx context.Context, row resourceRow, patience time.Duration) bool {
	id := int(row.VMID.V)
	got, err := proxmox.Get[guestConfig](ctx, c.client, proxmox.OnNode(string(row.Node), string(row.Type), itoa(id), "config").Within(patience))
	if err != nil {
		c.noteSilence(string(row.Node), err)
		c.noteTried(id)
		return proxmox.KindOf(err) != proxmox.KindBudget && ctx.Err() == nil && !proxmox.Away(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.client.TimeThere(c.deps.Now())
	old, fresh := c.identities.of[id], identity{mark: got.mark(), lxc: row.Type == "lxc", read: now.Unix()}
	if differs := old.mark != 0 && fresh.mark != 0 && old.mark != fresh.mark; differs && (old.suspect || !fresh.lxc) {
		if old.gone == 0 && got.made > old.read && got.made <= now.Unix() {
			old.gone = got.made
			c.identities.of[id] = old
		}
		c.another(id, fresh, now)
	} else {
		fresh.gen, fresh.born, fresh.seen = old.gen, old.born, old.seen
		if fresh.mark == 0 {
			fresh.mark = old.mark
		}
		c.identities.of[id] = fresh
		if old.mark != fresh.mark {
			c.identities.change(id, fresh)
		}
	}
	if m := c.guests[id]; m != nil && (m.allotted != got.size || m.onBoot == nil || *m.onBoot != got.onBoot) {
		m.allotted, m.onBoot = got.size, &got.onBoot
		c.identities.dirty[id%guestChunks] = true
	}
	return true
}

// noteTried remembers that a guest did not say who it is: others come first the next time.
func (c *Collector) noteTried(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if who, known := c.identities.of[id]; known {
		who.tried = c.client.TimeThere(c.deps.Now()).Unix()
		c.identities.of[id] = who
	}
}

// collectConfigs reads the configurations of a few guests: those that were not for longest.
func (c *Collector) collectConfigs(ctx context.Context, sink sdk.Sink) error {
	v, err := c.told(ctx)
	if v == nil {
		return err
	}
	for _, row := range c.nextConfigs(v) {
		if !c.readConfig(ctx, row, statusPatience) {
			break
		}
	}
	c.saveGuests(ctx)
	if err := c.fillGap(ctx, v, sink); err != nil {
		return err
	}
	return ctx.Err()
}

func (c *Collector) nextConfigs(v *view) []resourceRow {
	old := c.client.TimeThere(c.deps.Now()).Add(-configAge).Unix()
	c.mu.Lock()
	read, asked := make(map[int]int64, len(c.identities.of)), make(map[int]int64, len(c.identities.of))
	for id, who := range c.identities.of {
		read[id], asked[id] = who.read, max(who.read, who.tried)
	}
	c.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(v.guests), func(g resourceRow) bool {
		on, known := v.node(string(g.Node))
		return !c.wanted(g) || !known || !on.online || c.left(on.name) != nil || read[int(g.VMID.V)] > old
	})
	slices.SortStableFunc(next, func(a, b resourceRow) int { return cmp.Compare(asked[int(a.VMID.V)], asked[int(b.VMID.V)]) })
	return next[:min(len(next), configsAtOnce)]
}

// identityTasks are the tasks after which an id may belong to another guest, and whether they end the one that had it.
var identityTasks = map[string]bool{"qmdestroy": true, "vzdestroy": true, "qmcreate": false, "vzcreate": false, "qmrestore": false, "vzrestore": false}

// noteIdentityTask lets the configuration of a guest be read anew when a task may have put another one in its place.
func (c *Collector) noteIdentityTask(r taskRow) {
	ends, known := identityTasks[string(r.Type)]
	if !known || r.EndTime.Time().IsZero() || !good(string(r.Status)) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range numbers(string(r.ID)) {
		who, there := c.identities.of[id]
		if !there || who.read == 0 || who.read > r.EndTime.V {
			continue
		}
		who.read = 0
		if ends {
			who.suspect, who.gone = true, r.EndTime.V
		}
		c.identities.of[id] = who
	}
}

// began is when the guest that has an id now took it over from another one, in Unix seconds; 0 for the first.
func (c *Collector) began(id int) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.identities.of[id].born
}

// subject names the guest that a row of that time is about. What is older than the guest is about one that is gone.
func (c *Collector) subject(id int, at int64) []sdk.Evidence {
	c.mu.Lock()
	who := c.identities.of[id]
	c.mu.Unlock()
	if at < who.born {
		return nil
	}
	return c.guestEvidence(id, who.gen)
}

// guestConfig is what is read of the configuration of a guest. It may hold secrets: nothing else of it is kept.
type guestConfig struct {
	uuid  string
	cards []string // their hardware addresses
	made  int64    // when it was made, in Unix seconds; 0 when that is not known
	size  int64    // bytes of all its disks
	// onBoot says that it starts with its node.
	onBoot bool
}

// UnmarshalJSON takes what is of use and lets go of the rest.
func (g *guestConfig) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	*g = guestConfig{}
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		var text proxmox.Str
		if err := text.UnmarshalJSON(all[name]); err != nil {
			return err
		}
		switch kind := strings.TrimRight(name, "0123456789"); kind {
		case "smbios":
			g.uuid = property(string(text), "uuid")
		case "onboot":
			g.onBoot = text == "1"
		case "meta":
			g.made = max(0, whole(property(string(text), "ctime")))
		case "net":
			if address := property(string(text), "hwaddr"); address != "" {
				g.cards = append(g.cards, strings.ToLower(address))
			}
		case "scsi", "virtio", "sata", "ide", "rootfs", "mp":
			if property(string(text), "media") != "cdrom" {
				g.size = min(g.size+sizeOf(property(string(text), "size")), largest)
			}
		}
	}
	return nil
}

// mark stands for what tells the guest from another one with its id, 0 when there is nothing.
func (g *guestConfig) mark() uint64 {
	text := strings.ToLower(g.uuid)
	switch {
	case text != "":
	case len(g.cards) > 0:
		text = strings.Join(g.cards, ",")
	case g.made > 0:
		text = strconv.FormatInt(g.made, 10)
	default:
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

// property returns the value of a name in a list like "a=1,b=2".
func property(list, name string) string {
	for word := range strings.SplitSeq(list, ",") {
		if key, value, ok := strings.Cut(word, "="); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func whole(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// largest is more than any disk holds, in bytes.
const largest = 1 << 60

// sizeOf reads a size of a disk: a number with a letter for a power of 1024.
func sizeOf(text string) int64 {
	if text == "" {
		return 0
	}
	shift := map[byte]uint{'K': 10, 'M': 20, 'G': 30, 'T': 40}[text[len(text)-1]]
	if shift > 0 {
		text = text[:len(text)-1]
	}
	n, err := strconv.ParseFloat(text, 64)
	bytes := n * float64(int64(1)<<shift)
	if err != nil || !(bytes >= 0 && bytes <= largest) { // nor is it one that is no number
		return 0
	}
	return int64(bytes)
}
