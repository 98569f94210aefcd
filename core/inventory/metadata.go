package inventory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// Limits of what people write about things.
const (
	maxMetadata   = 100_000 // documents
	maxMetadataID = 512     // bytes
)

// StoredMetadata is a document as it is stored: its members that are not empty.
type StoredMetadata struct {
	Kind, ID string
	Members  map[string]json.RawMessage
}

// MetadataStore keeps documents over restarts.
type MetadataStore interface {
	Metadata(ctx context.Context) ([]StoredMetadata, error)
	// SaveMetadata adds a document, or replaces the one of the same kind and id.
	SaveMetadata(ctx context.Context, m StoredMetadata) error
	// DeleteMetadata forgets a document; one that is not there is no error.
	DeleteMetadata(ctx context.Context, kind, id string) error
}

// Metadata is what people wrote about things: addresses, notes, tags. Things need not be there: what was written about a
// thing that comes back is there again. It is safe for concurrent use.
type Metadata struct {
	store MetadataStore

	mu  sync.Mutex
	all map[metadataKey]map[string]json.RawMessage
}

type metadataKey struct{ kind, id string }

// OpenMetadata loads what is stored.
func OpenMetadata(ctx context.Context, store MetadataStore) (*Metadata, error) {
	stored, err := store.Metadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("load metadata: %w", err)
	}
	m := &Metadata{store: store, all: map[metadataKey]map[string]json.RawMessage{}}
	for _, x := range stored {
		m.all[metadataKey{x.Kind, x.ID}] = x.Members
	}
	return m, nil
}

// All returns the documents of a kind by id.
func (m *Metadata) All(kind compat.MetadataKind) map[string]json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]json.RawMessage{}
	for key, members := range m.all {
		if key.kind == kind.Name {
			out[key.id] = metadataDocument(kind, key.id, members)
		}
	}
	return out
}

// Get returns the document of a thing, an empty one when nothing was written.
func (m *Metadata) Get(kind compat.MetadataKind, id string) json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return metadataDocument(kind, id, m.all[metadataKey{kind.Name, id}])
}

// Put replaces the document of a thing and returns it. Errors of code invalid name the member at fault.
func (m *Metadata) Put(ctx context.Context, kind compat.MetadataKind, id string, body json.RawMessage) (json.RawMessage, error) {
	if id == "" || len(id) > maxMetadataID {
		return nil, errs.New(errs.Invalid, "the id is missing or longer than %d bytes", maxMetadataID).WithField("id")
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return nil, errs.New(errs.Invalid, "the body is not a JSON object").WithWord("invalid_json")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.all[metadataKey{kind.Name, id}]
	members := map[string]json.RawMessage{}
	for _, member := range kind.Members {
		value, err := readMember(member, given[member.Name])
		if err != nil {
			return nil, err
		}
		if member.Form == compat.MemberFlag || value == nil && member.Keep {
			value = old[member.Name]
		}
		if value != nil {
			members[member.Name] = value
		}
	}
	return metadataDocument(kind, id, members), m.save(ctx, kind, id, members)
}

// ReadMetadata returns the members of a document that hold something. Errors of code invalid name the member at fault.
func ReadMetadata(kind compat.MetadataKind, body json.RawMessage) (map[string]json.RawMessage, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return nil, errs.New(errs.Invalid, "it is not a JSON object").WithWord("invalid_json")
	}
	members := map[string]json.RawMessage{}
	for _, member := range kind.Members {
		value, err := readMember(member, given[member.Name])
		if err != nil {
			return nil, err
		}
		if value != nil {
			members[member.Name] = value
		}
	}
	return members, nil
}

// Delete forgets what was written about a thing. Flags stay: they are no notes.
func (m *Metadata) Delete(ctx context.Context, kind compat.MetadataKind, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := metadataKey{kind.Name, id}
	left := map[string]json.RawMessage{}
	for _, member := range kind.Members {
		if value := m.all[key][member.Name]; member.Form == compat.MemberFlag && value != nil {
			left[member.Name] = value
		}
	}
	if len(left) > 0 {
		return m.save(ctx, kind, id, left)
	}
	if err := m.store.DeleteMetadata(ctx, kind.Name, id); err != nil {
		return fmt.Errorf("delete metadata: %w", err)
	}
	delete(m.all, key)
	return nil
}

// Flag returns a flag of a thing, nil when nobody set it.
func (m *Metadata) Flag(kind compat.MetadataKind, id, member string) *bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	var on *bool
	if json.Unmarshal(m.all[metadataKey{kind.Name, id}][member], &on) != nil {
		return nil
	}
	return on
}

// SetFlag sets a flag of a thing; nil takes it back.
func (m *Metadata) SetFlag(ctx context.Context, kind compat.MetadataKind, id, member string, on *bool) error {
	if id == "" || len(id) > maxMetadataID {
		return errs.New(errs.Invalid, "the id is missing or longer than %d bytes", maxMetadataID).WithField("id")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	members := maps.Clone(m.all[metadataKey{kind.Name, id}])
	if members == nil {
		members = map[string]json.RawMessage{}
	}
	delete(members, member)
	if on != nil {
		members[member] = json.RawMessage(fmt.Sprint(*on))
	}
	return m.save(ctx, kind, id, members)
}

// save stores a document; one without anything in it is kept too, because somebody wrote it. The caller holds the lock.
func (m *Metadata) save(ctx context.Context, kind compat.MetadataKind, id string, members map[string]json.RawMessage) error {
	key := metadataKey{kind.Name, id}
	if _, known := m.all[key]; !known && len(m.all) >= maxMetadata {
		return errs.New(errs.Conflict, "there are %d documents already: delete those of things that are gone", maxMetadata)
	}
	if err := m.store.SaveMetadata(ctx, StoredMetadata{Kind: kind.Name, ID: id, Members: members}); err != nil {
		return fmt.Errorf("save metadata: %w", err)
	}
	m.all[key] = members
	return nil
}

// metadataDocument writes the members in their order.
func metadataDocument(k compat.MetadataKind, id string, members map[string]json.RawMessage) json.RawMessage {
	out := []byte{'{'}
	if k.WithID {
		out = append(appendName(out, "id"), quote(id)...)
	}
	for _, member := range k.Members {
		value := members[member.Name]
		if value == nil {
			if member.Omit {
				continue
			}
			value = emptyMember(member)
		}
		out = append(appendName(out, member.Name), value...)
	}
	return append(out, '}')
}

func emptyMember(m compat.MetadataMember) json.RawMessage {
	if m.Form == compat.MemberText || m.Form == compat.MemberURL {
		return json.RawMessage(`""`)
	}
	return json.RawMessage("null")
}

// readMember checks a value; nil is an empty one. A list without entries is none that is empty: somebody cleared it.
func readMember(m compat.MetadataMember, value json.RawMessage) (json.RawMessage, error) {
	if value = bytes.TrimSpace(value); len(value) == 0 || string(value) == "null" {
		return nil, nil
	}
	wrong := func(what string) *errs.Error {
		return errs.New(errs.Invalid, "%s must be %s", m.Name, what).WithField(m.Name)
	}
	switch m.Form {
	case compat.MemberText, compat.MemberURL:
	case compat.MemberTexts:
		var list []string
		if json.Unmarshal(value, &list) != nil {
			return nil, wrong("a list of texts").WithWord("invalid_json")
		}
		return json.Marshal(list)
	case compat.MemberFlag:
		var on bool
		if json.Unmarshal(value, &on) != nil {
			return nil, wrong("true, false or null").WithWord("invalid_json")
		}
		return value, nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return nil, wrong("a text").WithWord("invalid_json")
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	if m.Form == compat.MemberURL && !isWebAddress(text) {
		return nil, wrong("an address such as https://host:8006/ that begins with http:// or https:// and names a host")
	}
	return quote(text), nil
}

// isWebAddress reports whether a text is an absolute http or https address with a host that may stand alone.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.HasSuffix(u.Hostname(), ".")
}

// Copy writes what is known of one thing about another one too, of which nothing is known yet.
func (m *Metadata) Copy(ctx context.Context, from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, kind := range compat.MetadataKinds() {
		members, there := m.all[metadataKey{kind.Name, from}]
		if _, known := m.all[metadataKey{kind.Name, to}]; !there || known {
			continue
		}
		if err := m.save(ctx, kind, to, maps.Clone(members)); err != nil {
			return err
		}
	}
	return nil
}
