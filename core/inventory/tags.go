package inventory

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

const tagsMember = "tags"

// GivenTags knows the tags that people gave to things; it is a [Metadata].
type GivenTags interface {
	Tags(kind compat.MetadataKind, id string) []string
}

// AllTags returns the tags of the source and those that people gave, each once.
func (r *Record) AllTags() []string {
	if len(r.Given) == 0 {
		return r.Tags
	}
	all := slices.Clone(r.Tags)
	for _, tag := range r.Given {
		if !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	return all
}

// MetadataKind is where the notes of a record lie: machines have a place of their own, all else is with the guests.
func (c *Catalog) MetadataKind(recordType string) compat.MetadataKind {
	if t, ok := c.Type(recordType); ok && t.Family == machines {
		return compat.HostMetadata
	}
	return compat.GuestMetadata
}

// UseTags has records bear the tags that people gave them. Call it before [Inventory.Load].
func (i *Inventory) UseTags(given GivenTags) { i.given = given }

func (i *Inventory) givenTo(r *Record) []string {
	if i.given == nil {
		return nil
	}
	return i.given.Tags(i.Catalog().MetadataKind(r.Type), r.WireID)
}

// Retag looks again for the tags that people gave, and tells of the records that have others now.
func (i *Inventory) Retag() {
	i.mu.Lock()
	var updated []id.UID
	for uid, r := range i.records {
		given := i.givenTo(r)
		if slices.Equal(given, r.Given) {
			continue
		}
		next := *r
		next.Given = given
		i.index(&next)
		updated = append(updated, uid)
	}
	if len(updated) == 0 {
		i.mu.Unlock()
		return
	}
	i.bump()
	news := Changed{Revision: i.revision, Updated: updated}
	i.mu.Unlock()
	i.news.Publish(news)
}

// Tags returns the tags that people gave a thing.
func (m *Metadata) Tags(kind compat.MetadataKind, id string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return tagsIn(m.all[metadataKey{kind.Name, id}])
}

func tagsIn(members map[string]json.RawMessage) (tags []string) {
	if raw := members[tagsMember]; raw != nil {
		_ = json.Unmarshal(raw, &tags) // it was checked when it was written
	}
	return tags
}

// Tag gives a thing tags and takes others away, and reports whether that changed anything. What else was written about it stays.
func (m *Metadata) Tag(ctx context.Context, kind compat.MetadataKind, id string, add, remove []string) (bool, error) {
	if id == "" || len(id) > maxMetadataID {
		return false, errs.New(errs.Invalid, "the id is missing or longer than %d bytes", maxMetadataID).WithField("id")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.all[metadataKey{kind.Name, id}]
	before := tagsIn(old)
	after := slices.DeleteFunc(slices.Clone(before), func(tag string) bool { return slices.Contains(remove, tag) })
	for _, tag := range add {
		if !slices.Contains(after, tag) {
			after = append(after, tag)
		}
	}
	if slices.Equal(before, after) {
		return false, nil
	}
	members := map[string]json.RawMessage{}
	for name, value := range old {
		members[name] = value
	}
	delete(members, tagsMember)
	if len(after) > 0 {
		raw, err := json.Marshal(after)
		if err != nil {
			return false, errs.New(errs.Invalid, "tags: %s", err)
		}
		checked, err := readMember(compat.MetadataMember{Name: tagsMember, Form: compat.MemberTexts}, raw)
		if err != nil {
			return false, err
		}
		members[tagsMember] = checked
	}
	return true, m.save(ctx, kind, id, members)
}
